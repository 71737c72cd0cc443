package app.perpetua.flow.assistant;

import app.perpetua.flow.http.auth.Principal;
import java.time.Instant;
import java.util.UUID;

/**
 * A request whose credits are reserved.
 *
 * @param runId identifies the charge and the run that it pays for
 * @param warning whether the session approaches the limit of requests about the task
 * @param timezone the user's IANA zone
 * @param data read for the model
 */
record Reserved<D>(
    UUID runId,
    int credits,
    boolean warning,
    Principal principal,
    Instant now,
    String timezone,
    D data) {}

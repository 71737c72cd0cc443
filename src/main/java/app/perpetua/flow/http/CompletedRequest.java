package app.perpetua.flow.http;

import java.time.Duration;

/**
 * A request that has been answered or whose client has disconnected, for the access log and the
 * metrics.
 *
 * @param method the HTTP method; {@code OTHER} for uncommon ones, because methods are labels of
 *     metrics
 * @param status the HTTP status
 * @param duration from the end of the request's headers to the end of the response
 */
public record CompletedRequest(
    RequestContext context, String method, int status, Duration duration) {}

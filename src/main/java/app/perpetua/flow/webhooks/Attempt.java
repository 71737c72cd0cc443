package app.perpetua.flow.webhooks;

import java.time.Duration;
import java.time.Instant;

/**
 * An attempt to send a delivery.
 *
 * @param at when it began
 * @param took in real time
 */
record Attempt(PendingDelivery delivery, Instant at, Duration took, WebhookSender.Outcome outcome) {
  private static final int GONE = 410;

  /** Any other status than 2xx is a failure: redirects are not followed. */
  boolean succeeded() {
    return outcome instanceof WebhookSender.Outcome.Answered answer
        && answer.status() >= 200
        && answer.status() < 300;
  }

  /** Whether the receiver wants no more messages. */
  boolean isGone() {
    return outcome instanceof WebhookSender.Outcome.Answered answer && answer.status() == GONE;
  }

  /** The delay that the receiver requests; zero if none. */
  Duration retryAfter() {
    return outcome instanceof WebhookSender.Outcome.Answered answer && !succeeded()
        ? answer.retryAfter()
        : Duration.ZERO;
  }
}

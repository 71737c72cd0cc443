package app.perpetua.flow.provider.openai;

import java.time.Duration;

/**
 * Time-outs and retries. The caller's deadline and the HTTP client's connect time-out apply as
 * well.
 *
 * @param answer until the response headers
 * @param event from one event to the next
 * @param backoff the back-off before the first retry, unless the provider asks for another; doubles
 *     with each retry
 * @param retries the maximum
 */
record Timeouts(Duration answer, Duration event, Duration backoff, int retries) {
  /** A reasoning model sends events meanwhile, so even the slowest is never silent for 10 s. */
  static final Timeouts DEFAULT =
      new Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(500), 1);
}

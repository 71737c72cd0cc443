package app.perpetua.flow.provider.openai;

import java.time.Duration;

/**
 * Time-outs and retries. The caller's deadline and the HTTP client's connect time-out apply as
 * well.
 *
 * @param answer until the response headers
 * @param event from one event to the next
 * @param backoff before the first retry, unless the provider requests another delay; doubles with
 *     each retry
 * @param retries the maximum
 */
record Timeouts(Duration answer, Duration event, Duration backoff, int retries) {
  /** Even the slowest reasoning model sends an event within 10 s. */
  static final Timeouts DEFAULT =
      new Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(500), 1);
}

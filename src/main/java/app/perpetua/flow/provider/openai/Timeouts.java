package app.perpetua.flow.provider.openai;

import java.time.Duration;

/**
 * Time-outs and retries. The caller's deadline and the HTTP client's connect time-out apply as
 * well; nothing else limits the time until the model begins to answer.
 *
 * @param silence from one event to the next in the middle of an answer
 * @param backoff before the first retry, unless the provider requests another delay; doubles with
 *     each retry
 * @param retries the maximum
 */
record Timeouts(Duration silence, Duration backoff, int retries) {
  static Timeouts of(OpenAiConfig config) {
    return new Timeouts(config.silence(), Duration.ofMillis(500), 1);
  }
}

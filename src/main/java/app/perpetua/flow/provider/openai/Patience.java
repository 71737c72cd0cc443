package app.perpetua.flow.provider.openai;

import java.time.Duration;

/**
 * How long the provider is waited for, beside what the caller allows for all of it and the client
 * for the connection.
 *
 * @param answer until an answer begins
 * @param event from one event of it to the next
 * @param rest before the first retry, if the provider asks for nothing else; doubles each time
 * @param retries how often, at most
 */
record Patience(Duration answer, Duration event, Duration rest, int retries) {
  /**
   * A model that thinks sends events meanwhile; 10 s without any is more than the slowest takes.
   */
  static final Patience USUAL =
      new Patience(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(500), 1);
}

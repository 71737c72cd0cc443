package app.perpetua.flow.sync;

import java.time.Duration;

/**
 * Intervals of event streams, in real time.
 *
 * @param poll between two reads of all connected users' changes
 * @param check between two checks whether the accounts still exist
 * @param heartbeat after which a stream without events sends a comment
 * @param retry until a stream that could not read its changes reads them again
 */
record EventTiming(Duration poll, Duration check, Duration heartbeat, Duration retry) {
  /** Those of the contract. */
  static EventTiming standard() {
    return new EventTiming(
        Duration.ofMillis(300),
        Duration.ofSeconds(5),
        Duration.ofSeconds(15),
        Duration.ofSeconds(1));
  }
}

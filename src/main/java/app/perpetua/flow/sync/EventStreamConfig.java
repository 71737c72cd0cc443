package app.perpetua.flow.sync;

import java.time.Duration;

/**
 * Limits of event streams.
 *
 * @param max open at once in this process
 * @param maxPerUser of one user, open at once in this process
 * @param maxDuration of a stream, in real time
 */
public record EventStreamConfig(int max, int maxPerUser, Duration maxDuration) {
  /** The same limits, with at most this number of streams. */
  public EventStreamConfig atMost(int streams) {
    return new EventStreamConfig(Math.min(max, streams), maxPerUser, maxDuration);
  }
}

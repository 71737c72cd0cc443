package app.perpetua.flow.voice;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long a live session waits for what, and by which clock.
 *
 * @param authenticate for the first message, where the request brought no token
 * @param silence without audio, until the session ends by itself
 * @param beat between two pings, to both sides
 * @param patience for a sign of life of either side; longer than two beats
 * @param drain for the provider's last words
 * @param keep for the same if the client has gone; with patience, less than five seconds
 * @param lease how long a session outlives its process; a third of it between extensions
 * @param look how often sessions are looked at, in real time
 * @param nanoTime elapsed time in nanoseconds, as {@link System#nanoTime()}; thread-safe
 */
public record VoiceTiming(
    Duration authenticate,
    Duration silence,
    Duration beat,
    Duration patience,
    Duration drain,
    Duration keep,
    Duration lease,
    Duration look,
    LongSupplier nanoTime) {
  /** As the contract has it. */
  public static VoiceTiming standard() {
    return new VoiceTiming(
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofMillis(1_500),
        Duration.ofMillis(3_500),
        Duration.ofSeconds(4),
        Duration.ofSeconds(1),
        Duration.ofSeconds(30),
        Duration.ofMillis(250),
        System::nanoTime);
  }
}

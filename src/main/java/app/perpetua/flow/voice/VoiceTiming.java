package app.perpetua.flow.voice;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Time limits and intervals of live sessions.
 *
 * @param authTimeout for the first message, if the upgrade request had no token
 * @param silenceTimeout ends a session that receives no audio
 * @param heartbeat interval between pings, to both sides
 * @param peerTimeout ends a session if either side sends nothing, not even a pong; longer than two
 *     heartbeats
 * @param drainTimeout for the provider's last results
 * @param lostClientDrainTimeout for the provider's last results after the client has disconnected;
 *     with {@code peerTimeout}, less than five seconds
 * @param lease how long a session outlives its process; extended after a third of it
 * @param tickInterval between two checks of all sessions, in real time
 * @param nanoTime elapsed time in nanoseconds, as {@link System#nanoTime()}; thread-safe
 */
public record VoiceTiming(
    Duration authTimeout,
    Duration silenceTimeout,
    Duration heartbeat,
    Duration peerTimeout,
    Duration drainTimeout,
    Duration lostClientDrainTimeout,
    Duration lease,
    Duration tickInterval,
    LongSupplier nanoTime) {
  /** The limits of the contract. */
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

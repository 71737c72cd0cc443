package app.perpetua.flow.notifications;

import java.time.Duration;

/** The port to the push services that deliver messages to browsers. Thread-safe. */
public interface PushService {
  /** Urgency of a message (RFC 8030, section 5.3). */
  enum Urgency {
    NORMAL,
    HIGH
  }

  /**
   * A message. {@link #toString} omits everything: endpoint and keys are secrets, and the payload
   * is the user's.
   *
   * @param endpoint the URL of the browser's subscription at its push service
   * @param p256dh the browser's public key, an uncompressed point on P-256
   * @param auth the secret shared with the browser, 16 bytes
   * @param topic at most 32 characters of base64url; a message replaces an undelivered one of the
   *     same topic
   * @param timeToLive how long the push service stores it for an offline browser
   * @param payload at most 3993 bytes
   */
  record Push(
      String endpoint,
      byte[] p256dh,
      byte[] auth,
      String topic,
      Urgency urgency,
      Duration timeToLive,
      byte[] payload) {
    @Override
    public String toString() {
      return "Push[***]";
    }
  }

  sealed interface Outcome {
    /** The push service accepted the message. */
    record Sent() implements Outcome {}

    /** The subscription no longer exists. */
    record Gone() implements Outcome {}

    /**
     * A permanent failure.
     *
     * @param reason for the log, without endpoint, keys or payload
     */
    record Rejected(String reason) implements Outcome {}

    /**
     * A transient failure.
     *
     * @param retryAfter minimum delay that the push service requests, bounded; zero if none
     * @param reason for the log, without endpoint, keys or payload
     */
    record Unavailable(Duration retryAfter, String reason) implements Outcome {}
  }

  /** Sends a message; returns within 5 s. */
  Outcome send(Push push) throws InterruptedException;
}

package app.perpetua.flow.notifications;

import java.time.Duration;

/** Delivers a message to a browser, by whatever push service its endpoint belongs to. */
public interface PushService {
  /** How soon a sleeping device should be woken for it (RFC 8030, section 5.3). */
  enum Urgency {
    NORMAL,
    HIGH
  }

  /**
   * What is to be delivered. Prints nothing of it: endpoint and keys are as good as a password, and
   * the payload is the user's.
   *
   * @param endpoint the browser's address at its push service
   * @param p256dh the browser's public key, an uncompressed point on P-256
   * @param auth the secret shared with the browser, 16 bytes
   * @param topic at most 32 characters of base64url: a later message replaces one of the same topic
   *     that was not delivered yet
   * @param timeToLive how long the push service keeps it for a browser that is away
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

  /** What became of it. */
  sealed interface Outcome {
    /** The push service has it. */
    record Sent() implements Outcome {}

    /** The browser no longer wants any. */
    record Gone() implements Outcome {}

    /**
     * Refused for what it is; another attempt would fare no better.
     *
     * @param why for the operator, without endpoint, keys or payload
     */
    record Rejected(String why) implements Outcome {}

    /**
     * It could not be delivered now.
     *
     * @param atLeast how long the push service asks us to wait, bounded; zero if it does not say
     * @param why for the operator, without endpoint, keys or payload
     */
    record TryLater(Duration atLeast, String why) implements Outcome {}
  }

  /** Sends it, within 5 s. */
  Outcome send(Push push) throws InterruptedException;
}

package app.perpetua.flow.webhooks;

import java.time.Duration;
import java.util.UUID;

/** The port to the receivers of webhooks. Thread-safe. */
public interface WebhookSender {
  /**
   * A signed message. {@link #toString} omits everything: the URL may contain a secret, and the
   * body is the user's.
   *
   * @param timestamp in seconds since the epoch
   * @param signature value of {@code webhook-signature}
   */
  record Message(String url, UUID id, long timestamp, String signature, byte[] body) {
    @Override
    public String toString() {
      return "Message[***]";
    }
  }

  sealed interface Outcome {
    /**
     * The receiver answered.
     *
     * @param body at most the first 1,024 bytes, as text
     * @param retryAfter minimum delay that it requests, bounded; zero if none
     */
    record Answered(int status, String body, Duration retryAfter) implements Outcome {}

    /**
     * There was no answer.
     *
     * @param reason for the user, without the URL; does not tell private hosts from unknown ones
     */
    record Unanswered(String reason) implements Outcome {}
  }

  /** Sends a message, without following redirects; returns within 12 s. */
  Outcome send(Message message) throws InterruptedException;
}

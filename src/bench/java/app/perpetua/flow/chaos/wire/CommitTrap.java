package app.perpetua.flow.chaos.wire;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Acts at one commit of all that pass a proxy, once. Thread-safe.
 *
 * @param skipped commits that pass before; counted down
 * @param action decides what happens to the message; may block, which holds it
 */
public record CommitTrap(Point point, AtomicInteger skipped, Supplier<Verdict> action) {
  /** A point of a commit. */
  public enum Point {
    /** The client has sent the commit, and the server has not received it. */
    BEFORE("before COMMIT reaches the server"),
    /** The server has received the commit, and its answer has not been read. */
    AT("after COMMIT reaches the server, before its answer"),
    /** The server has committed and answered, and the client has not received the answer. */
    AFTER("after the server's answer, which the client does not receive");

    private final String words;

    Point(String words) {
      this.words = words;
    }

    /** The point in words, for reports. */
    public String words() {
      return words;
    }
  }

  /** What happens to a message. */
  public enum Verdict {
    /** It passes. */
    PASS,
    /** Both connections are reset. */
    CUT,
    /** It and all that follow on this connection are discarded; the connections stay open. */
    DISCARD
  }

  /** A trap at the commit after {@code skip} others. */
  public static CommitTrap at(Point point, int skip, Supplier<Verdict> action) {
    return new CommitTrap(point, new AtomicInteger(skip), action);
  }

  /** Counts a commit at a point; true if it is the one. */
  boolean isSprung(Point reached) {
    return reached == point && skipped.getAndDecrement() == 0;
  }
}

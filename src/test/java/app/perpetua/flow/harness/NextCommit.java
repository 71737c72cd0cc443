package app.perpetua.flow.harness;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs a test's action at the service's next commit. It recognizes the statement by its text, so
 * the driver must not have prepared it on the server: use {@code prepareThreshold=0}, as behind a
 * pooler. Thread-safe.
 */
public final class NextCommit implements Tap.Hook {
  /** A message of PostgreSQL's protocol ends its strings with NUL. */
  private static final String COMMIT = "commit\0";

  /** The time of the action. */
  public enum Moment {
    /** The service has sent the commit; the server has not received it. */
    BEFORE,
    /** The server has committed and answered; the service has not received the answer. */
    AFTER
  }

  private record Awaited(Moment moment, BooleanSupplier then) {}

  private final AtomicReference<@Nullable Awaited> next = new AtomicReference<>();
  private final Set<Integer> committing = ConcurrentHashMap.newKeySet();

  private final String text;

  public NextCommit() {
    this(COMMIT);
  }

  public NextCommit(String text) {
    this.text = text;
  }

  /**
   * Runs an action at the next commit, once.
   *
   * @param then returns true to let the message pass, false to end the connection
   */
  public void when(Moment moment, BooleanSupplier then) {
    next.set(new Awaited(moment, then));
  }

  @Override
  public boolean passes(int connection, Tap.Direction direction, byte[] message) {
    Awaited awaited = next.get();
    if (awaited == null) {
      return true;
    }
    if (direction == Tap.Direction.TO_CLIENT) {
      return !committing.remove(connection) || happens(awaited);
    }
    // Latin 1 maps every byte to one character.
    String sent = new String(message, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    if (!sent.contains(text)) {
      return true;
    }
    if (awaited.moment() == Moment.BEFORE) {
      return happens(awaited);
    }
    committing.add(connection);
    return true;
  }

  private boolean happens(Awaited awaited) {
    return !next.compareAndSet(awaited, null) || awaited.then().getAsBoolean();
  }
}

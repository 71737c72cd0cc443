package app.perpetua.flow.chaos.load;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A write of the journal: its key, and all that was answered to it. Thread-safe.
 *
 * @param body JSON; empty without a body
 */
public record Entry(
    Kind kind, UUID key, String method, String path, String body, List<Attempt> attempts) {
  Entry(Kind kind, UUID key, String method, String path, String body) {
    this(kind, key, method, path, body, new CopyOnWriteArrayList<>());
  }

  /** Whether a provider's time is part of the wait for an answer. */
  public boolean callsProvider() {
    return kind.callsProvider();
  }

  /** The first success, which acknowledges the write. */
  public Optional<Attempt> acknowledged() {
    return attempts.stream().filter(Attempt::isSuccess).findFirst();
  }

  @Override
  public String toString() {
    return kind + " " + method + " " + path + " key " + key;
  }
}

package app.perpetua.flow.http;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets so many callers of one key pass at a time; the others wait a while. A key is remembered only
 * while somebody holds or awaits it. Thread-safe.
 *
 * @param <K> what callers have in common
 */
final class Turns<K> {
  private static final class Gate {
    private final Semaphore permits;
    private int callers;

    Gate(int permits) {
      // Fair: who came first goes first, or somebody would run out of patience without need.
      this.permits = new Semaphore(permits, true);
    }
  }

  private final ConcurrentHashMap<K, Gate> gates = new ConcurrentHashMap<>();
  private final int permits;
  private final Duration patience;

  Turns(int permits, Duration patience) {
    this.permits = permits;
    this.patience = patience;
  }

  /** Runs the work when it is this caller's turn; empty if that takes too long. */
  <T> Optional<T> take(K key, Supplier<T> work) {
    Gate gate =
        gates.compute(
            key,
            (_, present) -> {
              Gate mine = present == null ? new Gate(permits) : present;
              mine.callers++;
              return mine;
            });
    try {
      if (!gate.permits.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        return Optional.empty();
      }
      try {
        return Optional.of(work.get());
      } finally {
        gate.permits.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } finally {
      gates.computeIfPresent(key, (_, mine) -> --mine.callers == 0 ? null : mine);
    }
  }
}

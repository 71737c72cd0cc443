package app.perpetua.flow.http.limits;

import app.perpetua.flow.base.Refusal;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A fair semaphore per key. A key uses memory only while a caller holds or awaits one of its
 * permits. Thread-safe.
 */
public final class KeyedSemaphore<K> {
  private static final class Entry {
    private final Semaphore permits;
    private int callers;

    Entry(int permits) {
      // Fair, so that no caller times out while later ones overtake it.
      this.permits = new Semaphore(permits, true);
    }
  }

  private final ConcurrentHashMap<K, Entry> entries = new ConcurrentHashMap<>();
  private final int permits;
  private final Duration timeout;
  private final Supplier<Refusal> refusal;

  /**
   * @param permits per key
   * @param refusal thrown when no permit is free within {@code timeout}
   */
  public KeyedSemaphore(int permits, Duration timeout, Supplier<Refusal> refusal) {
    this.permits = permits;
    this.timeout = timeout;
    this.refusal = refusal;
  }

  /**
   * Acquires a permit, in the order of the calls.
   *
   * @throws Refusal if none is released within the time-out, or the thread is interrupted
   */
  public Permit acquire(K key) {
    Entry entry =
        entries.compute(
            key,
            (_, present) -> {
              Entry updated = present == null ? new Entry(permits) : present;
              updated.callers++;
              return updated;
            });
    boolean acquired = false;
    try {
      acquired = entry.permits.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!acquired) {
      removeCaller(key);
      throw refusal.get();
    }
    return () -> {
      entry.permits.release();
      removeCaller(key);
    };
  }

  private void removeCaller(K key) {
    entries.computeIfPresent(key, (_, entry) -> --entry.callers == 0 ? null : entry);
  }
}

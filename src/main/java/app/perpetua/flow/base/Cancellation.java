package app.perpetua.flow.base;

import org.jspecify.annotations.Nullable;

/**
 * Says from any thread that an answer is no longer wanted: whoever waits for somebody else names
 * what ends the waiting. Thread-safe.
 */
public final class Cancellation {
  private boolean cancelled;
  private @Nullable Runnable end;

  /** Nothing is wanted any more; does nothing the second time. */
  public void cancel() {
    Runnable ending;
    synchronized (this) {
      ending = cancelled ? null : end;
      cancelled = true;
    }
    if (ending != null) {
      ending.run();
    }
  }

  /** True from the first {@link #cancel} on. */
  public synchronized boolean cancelled() {
    return cancelled;
  }

  /**
   * What to do when it happens, instead of what was named before; at once if it has happened.
   *
   * @param ending returns quickly and does not throw; null for nothing
   */
  public void onCancel(@Nullable Runnable ending) {
    boolean late;
    synchronized (this) {
      end = ending;
      late = cancelled;
    }
    if (late && ending != null) {
      ending.run();
    }
  }
}

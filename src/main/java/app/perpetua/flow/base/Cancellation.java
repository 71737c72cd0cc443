package app.perpetua.flow.base;

import org.jspecify.annotations.Nullable;

/**
 * Cancels an operation from another thread, such as a call whose client has disconnected.
 * Thread-safe.
 */
public final class Cancellation {
  private boolean cancelled;
  private @Nullable Runnable callback;

  /** Cancels the operation; has no effect the second time. */
  public void cancel() {
    Runnable pending;
    synchronized (this) {
      pending = cancelled ? null : callback;
      cancelled = true;
    }
    if (pending != null) {
      pending.run();
    }
  }

  public synchronized boolean cancelled() {
    return cancelled;
  }

  /**
   * Replaces the callback of {@link #cancel}; runs it at once if the operation has been cancelled.
   *
   * @param action returns quickly and does not throw; null for none
   */
  public void onCancel(@Nullable Runnable action) {
    boolean isCancelled;
    synchronized (this) {
      callback = action;
      isCancelled = cancelled;
    }
    if (isCancelled && action != null) {
      action.run();
    }
  }
}

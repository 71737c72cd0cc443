package app.perpetua.flow.http.connection;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The deadline of a blocking call, shared by the thread that makes the call and the thread that
 * enforces deadlines. A call either ends or is cancelled, never both. Times are nanoseconds on the
 * owner's clock. Thread-safe.
 */
final class CallDeadline {
  /** No deadline: the call is cancelled only on request. */
  static final long NEVER = Long.MAX_VALUE - 1;

  private static final long NO_CALL = Long.MAX_VALUE;
  private static final long CANCELLED = -1;

  private final AtomicLong time = new AtomicLong(NO_CALL);

  void begin(long deadline) {
    time.set(deadline);
  }

  /** Ends the call; false if it was cancelled. */
  boolean end() {
    return time.getAndUpdate(t -> t == CANCELLED ? CANCELLED : NO_CALL) != CANCELLED;
  }

  /** True during a call that has not been cancelled. */
  boolean isWaiting() {
    long deadline = time.get();
    return deadline != CANCELLED && deadline != NO_CALL;
  }

  /** Cancels a call in progress; returns true once, and the caller must interrupt the call. */
  boolean cancel() {
    long deadline = time.get();
    return deadline != CANCELLED && deadline != NO_CALL && time.compareAndSet(deadline, CANCELLED);
  }

  /** As {@link #cancel()}, but only if the call is overdue. */
  boolean cancelIfDue(long now) {
    long deadline = time.get();
    return deadline != CANCELLED && deadline <= now && time.compareAndSet(deadline, CANCELLED);
  }
}

package app.perpetua.flow.http.connection;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The time by which one blocking call must be over, shared by the thread that makes the call and
 * the sweeper. Whoever comes first wins: a call that has returned can no longer be cut, and one
 * that was cut is known to be so when it returns. Times are nanoseconds since the owner's start.
 */
final class CallDeadline {
  /** A call that may take as long as it will. */
  static final long NEVER = Long.MAX_VALUE - 1;

  private static final long NOTHING = Long.MAX_VALUE;
  private static final long CUT = -1;

  private final AtomicLong time = new AtomicLong(NOTHING);

  /** The call begins. */
  void begin(long due) {
    time.set(due);
  }

  /** The call is over; false if it was cut. */
  boolean end() {
    return time.getAndUpdate(t -> t == CUT ? CUT : NOTHING) != CUT;
  }

  /** True while a call is under way that has not been cut. */
  boolean isWaiting() {
    long due = time.get();
    return due != CUT && due != NOTHING;
  }

  /** True, once, if a call is under way, overdue or not: the caller must cut it. */
  boolean cut() {
    long due = time.get();
    return due != CUT && due != NOTHING && time.compareAndSet(due, CUT);
  }

  /** True, once, if a call is overdue: the caller must cut it. */
  boolean cut(long now) {
    long due = time.get();
    return due != CUT && due <= now && time.compareAndSet(due, CUT);
  }
}

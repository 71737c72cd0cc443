package app.perpetua.flow.http;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The time by which one blocking call must be over, shared by the thread that makes the call and
 * the sweeper. Whoever comes first wins: a call that has returned can no longer be cut, and one
 * that was cut is known to be so when it returns. Times are nanoseconds since the owner's start.
 */
final class Due {
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

  /** True, once, if a call is overdue: the caller must cut it. */
  boolean cut(long now) {
    long due = time.get();
    return due != CUT && due <= now && time.compareAndSet(due, CUT);
  }
}

package app.perpetua.flow.sql.connection;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A socket whose read time-outs need no timer per read. In a virtual thread, the JDK starts a timer
 * for each read with {@code SO_TIMEOUT} and cancels it when the bytes arrive; both wake the thread
 * that keeps the timers (docs/decisions/jdbc.md has the figures). Here, one task per socket looks
 * whether the read that is running is overdue, seldom more than once in several seconds, and closes
 * the socket if it is. Unlike after {@code SO_TIMEOUT}, the socket cannot be used after a time-out;
 * the driver closes it then anyway. Read by one thread at a time.
 */
final class DeadlineSocket extends Socket {
  /**
   * Shorter time-outs are {@code SO_TIMEOUT}s, which leave the socket usable: the driver looks with
   * one of 1 ms whether a message has arrived.
   */
  static final int MIN_MILLIS = 250;

  private static final long NONE = Long.MAX_VALUE;
  private static final long EXPIRED = Long.MIN_VALUE;

  private final long start = System.nanoTime();

  /** When the read that is running is overdue, in nanoseconds since the start; or a constant. */
  private final AtomicLong due = new AtomicLong(NONE);

  /** When the task looks again; {@link #NONE} if it is not scheduled. */
  private final AtomicLong nextCheck = new AtomicLong(NONE);

  private int timeoutMillis;
  private @Nullable InputStream input;

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    boolean exact = millis > 0 && millis < MIN_MILLIS;
    boolean wasExact = timeoutMillis > 0 && timeoutMillis < MIN_MILLIS;
    if (exact || wasExact) {
      super.setSoTimeout(exact ? millis : 0);
    }
    timeoutMillis = millis;
  }

  @Override
  public int getSoTimeout() {
    return timeoutMillis;
  }

  @Override
  public InputStream getInputStream() throws IOException {
    if (input == null) {
      input = new DeadlineInput(super.getInputStream());
    }
    return input;
  }

  private final class DeadlineInput extends FilterInputStream {
    DeadlineInput(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (timeoutMillis < MIN_MILLIS) {
        return in.read(bytes, offset, length);
      }
      long limit = now() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
      begin(limit);
      int count;
      try {
        count = in.read(bytes, offset, length);
      } catch (IOException e) {
        if (!due.compareAndSet(limit, NONE)) {
          throw timedOut(e);
        }
        throw e;
      }
      if (!due.compareAndSet(limit, NONE)) {
        throw timedOut(null);
      }
      return count;
    }
  }

  private void begin(long limit) throws SocketTimeoutException {
    if (due.getAndSet(limit) == EXPIRED) {
      throw timedOut(null);
    }
    // After the limit is set: either this sees that the task has ended, or the task sees the limit.
    if (nextCheck.get() > limit) {
      schedule(limit);
    }
  }

  private void schedule(long at) {
    nextCheck.set(at);
    CompletableFuture.delayedExecutor(Math.max(0, at - now()), TimeUnit.NANOSECONDS)
        .execute(this::check);
  }

  private void check() {
    nextCheck.set(NONE);
    long limit = due.get();
    if (limit == NONE || limit == EXPIRED) {
      return;
    }
    if (now() < limit) {
      schedule(limit);
    } else if (due.compareAndSet(limit, EXPIRED)) {
      try {
        close();
      } catch (IOException e) {
        System.getLogger(DeadlineSocket.class.getName())
            .log(System.Logger.Level.DEBUG, "cannot close an overdue socket", e);
      }
    }
  }

  private long now() {
    return System.nanoTime() - start;
  }

  private static SocketTimeoutException timedOut(@Nullable IOException cause) {
    SocketTimeoutException timedOut = new SocketTimeoutException("Read timed out");
    timedOut.initCause(cause);
    return timedOut;
  }
}

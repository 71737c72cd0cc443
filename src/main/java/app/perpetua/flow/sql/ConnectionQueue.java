package app.perpetua.flow.sql;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The queue in front of the connection pool, for requests and jobs: first come, first served. It
 * has as many turns as the pool has connections, because HikariCP itself lets a thread that comes
 * later overtake those that wait. Its length is bounded by the time that the last in it would have
 * to wait (docs/decisions/overload.md). Thread-safe.
 */
public final class ConnectionQueue {
  /**
   * A request that would probably wait for longer is refused. Short enough that those served under
   * overload are answered within half a second.
   */
  static final Duration MAX_EXPECTED_WAIT = Duration.ofMillis(250);

  /**
   * As many for each turn may always wait. When the machine is so slow that even they wait for too
   * long, refusing them at once would make clients that try again at once take the processor from
   * those who are served.
   */
  static final int MIN_WAITING_PER_TURN = 8;

  /** In case the expectation is wrong, as at the beginning. */
  static final int MAX_WAITING = 1_024;

  /**
   * Ends a wait that takes much longer than expected. With the pool's own time-out, a request is
   * refused within 1.5 s of the loss of the database.
   */
  private static final Duration TIMEOUT = Duration.ofMillis(500);

  /** Weight of the newest interval in the average: one in this number, so that a pause is noise. */
  private static final int SMOOTHING = 64;

  /** The right to use a connection, until it is closed. Close it once, from any thread. */
  @FunctionalInterface
  public interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  private final int turns;
  private final Duration timeout;
  private final LongSupplier nanos;
  private final Semaphore free;
  private final AtomicInteger waiting = new AtomicInteger();

  /** When the last of those who waited got its turn. */
  private final AtomicLong advanced;

  /** Average time in which the queue advances by one place, in nanoseconds. */
  private final AtomicLong pace = new AtomicLong();

  /**
   * @param turns how many may use a connection at once
   * @param timeout of a wait
   * @param nanos measures waits
   */
  public ConnectionQueue(int turns, Duration timeout, LongSupplier nanos) {
    this.turns = turns;
    this.timeout = timeout;
    this.nanos = nanos;
    this.free = new Semaphore(turns, true);
    this.advanced = new AtomicLong(nanos.getAsLong());
  }

  /** The queue of a pool that requests and jobs share. */
  public static ConnectionQueue of(HikariDataSource pool) {
    return new ConnectionQueue(pool.getMaximumPoolSize(), TIMEOUT, System::nanoTime);
  }

  /** A queue whose members wait as long as the pool itself would let them. */
  static ConnectionQueue patient(HikariDataSource pool) {
    return new ConnectionQueue(
        pool.getMaximumPoolSize(),
        Duration.ofMillis(pool.getConnectionTimeout()),
        System::nanoTime);
  }

  /** Registers a gauge of the number of waiting requests and jobs. */
  public void register(MeterRegistry registry) {
    Gauge.builder("perpetua.database.queue", waiting, AtomicInteger::get)
        .description("Requests and jobs that wait for their turn to use a connection")
        .register(registry);
  }

  /**
   * Checks that a request may join the queue, before any work is done for it. What has begun, such
   * as a job or the second transaction of a request, joins without asking.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} if it would wait for too long
   */
  public void requireRoom() {
    int ahead = waiting.get();
    if (ahead >= MIN_WAITING_PER_TURN * turns
        && (ahead >= MAX_WAITING || (ahead + 1) * pace.get() > MAX_EXPECTED_WAIT.toNanos())) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many requests are running")
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  /**
   * Waits for a turn, in the order of the calls.
   *
   * @throws DatabaseException {@code UNAVAILABLE} if none comes within the time-out, or the thread
   *     is interrupted
   */
  public Turn await() {
    try {
      // Without a time it would overtake those that wait.
      if (!free.tryAcquire(0, TimeUnit.NANOSECONDS)) {
        awaitOthers();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DatabaseException.unavailable("interrupted", e);
    }
    return free::release;
  }

  /** The number of requests and jobs that wait for a turn. */
  public int waiting() {
    return waiting.get();
  }

  /** As {@link #waiting}, without those that have not yet got their place; slower. */
  int queued() {
    return free.getQueueLength();
  }

  /** The number of turns that nobody has. */
  int free() {
    return free.availablePermits();
  }

  private void awaitOthers() throws InterruptedException {
    waiting.incrementAndGet();
    long joined = nanos.getAsLong();
    try {
      if (!free.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        throw DatabaseException.unavailable(
            "no connection was free within " + timeout.toMillis() + " ms", null);
      }
    } finally {
      waiting.decrementAndGet();
    }
    learn(joined, nanos.getAsLong());
  }

  /** Two at once may count as one, which an average does not notice. */
  private void learn(long joined, long now) {
    long before = advanced.getAndSet(now);
    // Otherwise the queue was empty in between, and the interval is none of its pace.
    if (joined - before < 0) {
      long average = pace.get();
      pace.set(average + (now - before - average) / SMOOTHING);
    }
  }
}

package app.perpetua.flow.harness.time;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Time that the scheduler grants to a thread of this process which sleeps and computes in short
 * steps: real time on an idle machine, and slower the longer the thread waits for a processor.
 * Tests assert time limits of the service in this time, so that load slows both sides of the
 * comparison. Never faster than real time. Thread-safe.
 */
public final class GrantedTime implements AutoCloseable {
  private static final Duration STEP = Duration.ofMillis(5);

  /**
   * Computed in each step, because a machine that wakes threads in time may still compute slowly.
   */
  private static final Duration WORK = Duration.ofNanos(500_000);

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile long granted;

  /** Runs until it is closed. */
  public GrantedTime() {
    Thread.ofPlatform().name("granted time").daemon().start(this::run);
  }

  /** Nanoseconds granted since construction, in steps of five milliseconds. */
  public long nanoTime() {
    return granted;
  }

  /** Time granted since that {@link #nanoTime}. */
  public Duration since(long nanoTime) {
    return Duration.ofNanos(granted - nanoTime);
  }

  private void run() {
    long total = 0;
    long last = System.nanoTime();
    while (!isClosed()) {
      work();
      long now = System.nanoTime();
      total += Math.min(now - last, STEP.toNanos());
      last = now;
      granted = total;
    }
  }

  private boolean isClosed() {
    try {
      return closed.await(STEP.minus(WORK).toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }

  private void work() {
    long begun = threads.getCurrentThreadCpuTime();
    while (threads.getCurrentThreadCpuTime() - begun < WORK.toNanos()) {
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }
}

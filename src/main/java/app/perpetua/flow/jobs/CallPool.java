package app.perpetua.flow.jobs;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Virtual threads in which jobs wait for providers, holding neither a slot of the worker nor a
 * database connection. Thread-safe.
 */
final class CallPool {
  /** Bounds the memory that waiting jobs take while a provider stalls. */
  private static final int MAX_CALLS = 32;

  private final Semaphore permits = new Semaphore(MAX_CALLS);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("job-call-", 0).factory());

  /** Starts the call in a thread of its own, or returns false if too many are in progress. */
  boolean tryExecute(Runnable call) {
    if (!permits.tryAcquire()) {
      return false;
    }
    threads.execute(
        () -> {
          try {
            call.run();
          } finally {
            permits.release();
          }
        });
    return true;
  }

  /** Accepts no more calls and waits for those in progress; false if the time-out elapses. */
  boolean awaitTermination(Duration timeout) throws InterruptedException {
    threads.shutdown();
    return threads.awaitTermination(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Interrupts the calls in progress. */
  void interrupt() {
    threads.shutdownNow();
  }
}

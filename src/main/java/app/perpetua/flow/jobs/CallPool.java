package app.perpetua.flow.jobs;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Where jobs wait for other companies, without a slot and without a connection. Thread-safe; stops
 * once.
 */
final class CallPool {
  /** What waits takes memory, and a company that stalls would gather it. */
  private static final int MOST = 32;

  private final Semaphore places = new Semaphore(MOST);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("job-call-", 0).factory());

  /** Runs it in a thread of its own; false, and nothing else, if all places are taken. */
  boolean take(Runnable call) {
    if (!places.tryAcquire()) {
      return false;
    }
    threads.execute(
        () -> {
          try {
            call.run();
          } finally {
            places.release();
          }
        });
    return true;
  }

  /** Takes no more, and waits so long for those that wait. True if none is left. */
  boolean awaitEnd(Duration patience) throws InterruptedException {
    threads.shutdown();
    return threads.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Interrupts those that wait. */
  void interrupt() {
    threads.shutdownNow();
  }
}

package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.chaos.wire.CommitTrap;
import app.perpetua.flow.chaos.wire.CommitTrap.Point;
import app.perpetua.flow.chaos.wire.CommitTrap.Verdict;
import app.perpetua.flow.chaos.wire.PgProxy;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Faults at a point of a commit. For one thread. */
final class CommitFaults {
  /** A commit passes within this time. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final int SKIPPED = 30;
  private static final int HELD_MIN_MILLIS = 1_000;
  private static final int HELD_MAX_MILLIS = 7_000;
  private static final int HELD_SHORT_MAX_MILLIS = 3_000;

  private final Stack stack;

  CommitFaults(Stack stack) {
    this.stack = stack;
  }

  /** Kills the API at a commit of it; returns once it is dead. */
  void killApi(Injection injection, Point point) throws InterruptedException {
    spring(
        stack.apiProxy(),
        point,
        injection.random().nextInt(SKIPPED),
        () -> {
          stack.api().kill();
          return Verdict.CUT;
        });
  }

  /** Kills the worker at a commit of it; returns once it is dead. */
  void killWorker(Injection injection, Point point) throws InterruptedException {
    spring(
        stack.workerProxy(),
        point,
        injection.random().nextInt(SKIPPED / 3),
        () -> {
          stack.worker().kill();
          return Verdict.CUT;
        });
  }

  /** Resets the connection of a commit. */
  void cut(Injection injection) throws InterruptedException {
    spring(
        stack.apiProxy(),
        injection.point(),
        injection.random().nextInt(SKIPPED),
        () -> Verdict.CUT);
  }

  /** Loses a commit or its answer. */
  void drop(Injection injection) throws InterruptedException {
    spring(
        stack.apiProxy(),
        injection.point(),
        injection.random().nextInt(SKIPPED),
        () -> Verdict.DISCARD);
  }

  /** Holds a commit or its answer. */
  void hold(Injection injection) throws InterruptedException {
    int longest = injection.isShort() ? HELD_SHORT_MAX_MILLIS : HELD_MAX_MILLIS;
    Duration held = Duration.ofMillis(injection.random().nextInt(HELD_MIN_MILLIS, longest));
    spring(
        stack.apiProxy(),
        injection.point(),
        injection.random().nextInt(SKIPPED),
        () -> {
          Injection.hold(held);
          return Verdict.PASS;
        });
  }

  private static void spring(PgProxy proxy, Point point, int skip, Supplier<Verdict> action)
      throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    proxy.set(
        CommitTrap.at(
            point,
            skip,
            () -> {
              try {
                return action.get();
              } finally {
                done.countDown();
              }
            }));
    if (!done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("no commit came to " + point + " within " + PATIENCE);
    }
    proxy.set(null);
  }
}

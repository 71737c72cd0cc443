package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.chaos.wire.CommitTrap.Point;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Injects faults into a stack and removes them. For one thread. */
public final class Injector {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** A process that is stopped ends requests and jobs within this time. */
  private static final Duration EXIT = Duration.ofSeconds(30);

  private static final Duration LONG_JUMP = Duration.ofHours(1);
  private static final Duration JUMP = Duration.ofSeconds(40);

  /** Of each clock, in opposite directions. */
  private static final Duration SKEW = Duration.ofSeconds(90);

  private final Stack stack;
  private final CommitFaults commits;
  private final DatabaseFaults database;
  private final ProviderFaults providers;
  private final StartFaults starts;

  /** Faults of that stack. */
  public Injector(Stack stack) {
    this.stack = stack;
    this.commits = new CommitFaults(stack);
    this.database = new DatabaseFaults(stack);
    this.providers = new ProviderFaults(stack);
    this.starts = new StartFaults(stack);
  }

  /**
   * Injects a fault and removes it.
   *
   * @return {@link System#nanoTime} of the moment in which nothing was wrong any more but its
   *     consequences
   * @throws Skipped if this machine cannot have the fault
   */
  public long inject(Fault fault, Injection injection)
      throws IOException, InterruptedException, Skipped {
    injection.pause(20, 1_500);
    return switch (fault) {
      case API_KILL -> {
        stack.api().kill();
        yield restartApi();
      }
      case API_KILL_BEFORE_COMMIT -> killApiAt(injection, Point.BEFORE);
      case API_KILL_AT_COMMIT -> killApiAt(injection, Point.AT);
      case API_KILL_AFTER_COMMIT -> killApiAt(injection, Point.AFTER);
      case COMMIT_CUT -> {
        commits.cut(injection);
        yield System.nanoTime();
      }
      case COMMIT_HELD -> {
        commits.hold(injection);
        yield System.nanoTime();
      }
      case COMMIT_DROPPED -> {
        commits.drop(injection);
        yield System.nanoTime();
      }
      case WORKER_KILL -> {
        stack.worker().kill();
        yield restartWorker(injection);
      }
      case WORKER_KILL_AT_COMMIT -> {
        commits.killWorker(injection, injection.point());
        yield restartWorker(injection);
      }
      case WORKER_FREEZE -> freezeWorker(injection);
      case POSTGRES_KILL -> database.kill(injection);
      case POSTGRES_FREEZE -> database.freeze(injection);
      case POSTGRES_SLOW -> database.slow(injection);
      case POSTGRES_FULL -> database.fill(injection);
      case NETWORK_RESET -> database.cutNetwork(injection, true);
      case NETWORK_SILENT -> database.cutNetwork(injection, false);
      case PROVIDERS_DOWN -> providers.down(injection);
      case PROVIDERS_SLOW -> providers.slow(injection);
      case PROVIDERS_LYING -> providers.lie(injection);
      case API_TERMINATE -> terminateApi();
      case CLOCK_JUMP -> jumpClock(injection);
      case CLOCK_SKEW -> skewClocks();
      case TWO_STARTS -> starts.together();
      case MIGRATION_KILL -> starts.killMigration(injection);
    };
  }

  private long killApiAt(Injection injection, Point point) throws InterruptedException {
    commits.killApi(injection, point);
    return restartApi();
  }

  private long restartApi() {
    return restartApi(Duration.ZERO);
  }

  /**
   * Starts the API after its process has ended.
   *
   * @param ahead by how much the clock of that process was ahead, at most
   */
  private long restartApi(Duration ahead) {
    // The process that would have settled these has ended.
    settle(ahead.negated());
    long begun = System.nanoTime();
    stack.startApi(Map.of()).awaitReady();
    return begun;
  }

  private long restartWorker(Injection injection) {
    if (!injection.isLong()) {
      expireLeases();
    }
    long begun = System.nanoTime();
    stack.startWorker(Map.of()).awaitReady();
    return begun;
  }

  /** Another worker takes the jobs over meanwhile. */
  private long freezeWorker(Injection injection) {
    Jar frozen = stack.worker();
    frozen.freeze();
    Jar other = stack.startOn("postgres");
    try {
      if (injection.isLong()) {
        Injection.hold(Duration.ofSeconds(45));
      } else {
        expireLeases();
      }
      other.awaitReady();
      Eventually.within(
          LIMIT, () -> isZero("select count(*) from ops.job_queue where state = 'running'"));
      frozen.thaw();
      injection.pause(500, 1_500);
    } finally {
      other.close();
      frozen.thaw();
    }
    expireLeases();
    return System.nanoTime();
  }

  private long terminateApi() {
    stack.api().terminate();
    int code = stack.api().awaitExit(EXIT);
    if (code != 0 && code != 143) {
      throw new AssertionError("SIGTERM: expected exit code 0 or 143, got " + code);
    }
    return restartApi();
  }

  /** The clock is correct when requests are sent that were signed by the true one. */
  private long jumpClock(Injection injection) throws IOException, Skipped {
    FakeTime time = FakeTime.of(stack.home(), "api.clock");
    stack.api().kill();
    settle(Duration.ZERO);
    stack.startApi(time.environment()).awaitReady();
    for (Duration ahead : List.of(LONG_JUMP, Duration.ZERO, JUMP, Duration.ofSeconds(-3))) {
      time.differBy(ahead);
      Injection.hold(FakeTime.DELAY.plusMillis(injection.isShort() ? 300 : 1_000));
    }
    time.differBy(Duration.ZERO);
    FakeTime.kill(stack.api());
    return restartApi(LONG_JUMP);
  }

  private long skewClocks() throws IOException, Skipped {
    FakeTime ahead = FakeTime.of(stack.home(), "api.clock");
    FakeTime behind = FakeTime.of(stack.home(), "worker.clock");
    ahead.differBy(SKEW);
    behind.differBy(SKEW.negated());
    stack.api().kill();
    stack.worker().kill();
    settle(Duration.ZERO);
    expireLeases();
    stack.startApi(ahead.environment());
    stack.startWorker(behind.environment()).awaitReady();
    stack.api().awaitReady();
    Injection.hold(Duration.ofSeconds(4));
    FakeTime.kill(stack.api());
    FakeTime.kill(stack.worker());
    expireLeases();
    stack.startWorker(Map.of()).awaitReady();
    return restartApi(SKEW);
  }

  /** As if half a minute had passed on the database's clock. */
  public void expireLeases() {
    stack
        .postgres()
        .execute(
            """
            update ops.job_queue
            set heartbeat_at = heartbeat_at - interval '31 seconds',
                lease_until = lease_until - interval '31 seconds'
            where state = 'running'
            """);
    wakeWorkers();
  }

  /**
   * Lets the jobs that release the keys and credits of unfinished requests run now instead of more
   * than a minute after the request.
   *
   * @param age of the requests, of which none is in progress any more; negative if the clock of the
   *     process that served them was ahead
   */
  public void settle(Duration age) {
    stack
        .postgres()
        .execute(
            """
            update ops.job_queue
            set run_at = date_trunc('milliseconds', least(created_at, now()))
            where state = 'queued' and kind in ('reservation_settle', 'order_release')
              and created_at < now() - interval '%d milliseconds'
            """
                .formatted(age.toMillis()));
    wakeWorkers();
  }

  private void wakeWorkers() {
    stack.postgres().execute("select pg_notify('perpetua_flow_jobs', '')");
  }

  /** Whether no job is due or will be within seconds, and none is running. */
  public boolean isQuiet() {
    return isZero(
        """
        select count(*) from ops.job_queue
        where state = 'running'
           or (state = 'queued' and (kind = 'reminder_fire' or run_at < now() + interval '1 second'))
        """);
  }

  private boolean isZero(String count) {
    return stack.postgres().texts(count).getFirst().equals("0");
  }
}

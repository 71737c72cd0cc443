package app.perpetua.flow.observability;

import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.sql.connection.DatabaseProbe;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Liveness, and readiness: the service has started, the database is available, and shutdown has not
 * begun. The database is checked only when readiness is requested, so that an idle one can be
 * suspended. Thread-safe.
 */
public final class Health implements AutoCloseable {
  /** How long a result is reused, and how long a request waits for a new one. */
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

  private static final String STATUS_OK = "ok";
  private static final String STATUS_ERROR = "error";

  private record Report(String status, Map<String, String> checks) {}

  /** A check of the database that several requests share. */
  private record Check(long startedAt, CompletableFuture<Boolean> available) {
    /** Whether its result may be given to a request that arrives now. */
    boolean isFresh(long now) {
      return !available.isDone() || now - startedAt < CHECK_INTERVAL.toNanos();
    }
  }

  private final DatabaseProbe probe;
  private final Lifecycle lifecycle;
  private final LongSupplier nanos;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Check latest;

  /**
   * @param probe closed by {@link #close}
   */
  public Health(DatabaseProbe probe, Lifecycle lifecycle) {
    this(probe, lifecycle, System::nanoTime);
  }

  /** As above, with a replacement for {@link System#nanoTime}. */
  Health(DatabaseProbe probe, Lifecycle lifecycle, LongSupplier nanos) {
    this.probe = probe;
    this.lifecycle = lifecycle;
    this.nanos = nanos;
  }

  public List<Route> routes() {
    return List.of(
        Route.probe("/health/live", this::live),
        Route.probe("/health/ready", this::ready),
        Route.probe("/api/v1/health/live", this::live),
        Route.probe("/api/v1/health/ready", this::ready));
  }

  private Reply live(Request request) {
    return Reply.bare(new Report(STATUS_OK, Map.of("process", STATUS_OK)));
  }

  private Reply ready(Request request) {
    Map<String, String> checks = new LinkedHashMap<>();
    checks.put("database", isDatabaseAvailable() ? STATUS_OK : STATUS_ERROR);
    if (lifecycle.isStarting()) {
      checks.put("migrations", STATUS_ERROR);
    }
    if (lifecycle.isStopping()) {
      checks.put("process", STATUS_ERROR);
    }
    if (!checks.containsValue(STATUS_ERROR)) {
      return Reply.bare(new Report(STATUS_OK, checks));
    }
    return new Reply.WithHeaders(
        new Reply.Body(503, new Report(STATUS_ERROR, checks)),
        Map.of("Retry-After", Long.toString(CHECK_INTERVAL.toSeconds())));
  }

  /** Waits for the result, but not longer than a caller of the probe may wait. */
  private boolean isDatabaseAvailable() {
    try {
      return check().available().get(CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The check in progress or just finished; otherwise a new one. */
  private Check check() {
    lock.lock();
    try {
      long now = nanos.getAsLong();
      Check current = latest;
      if (current == null || !current.isFresh(now)) {
        current = new Check(now, new CompletableFuture<>());
        latest = current;
        CompletableFuture<Boolean> result = current.available();
        Thread.ofVirtual().name("health").start(() -> run(result));
      }
      return current;
    } finally {
      lock.unlock();
    }
  }

  private void run(CompletableFuture<Boolean> result) {
    try {
      result.complete(probe.isAvailable());
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  /** Waits for a check in progress, which takes at most two seconds. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (latest != null) {
        latest.available().exceptionally(_ -> false).join();
      }
      probe.close();
    } finally {
      lock.unlock();
    }
  }
}

package app.perpetua.flow.observability;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.sql.DatabaseProbe;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Liveness, and readiness: the database is available and shutdown has not begun. A background
 * thread checks the database once a second, so that neither probe waits for it. Thread-safe.
 */
public final class Health implements AutoCloseable {
  private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

  /** An older success does not count, because the background thread must be stuck. */
  private static final Duration MAX_AGE = Duration.ofSeconds(5);

  private static final String STATUS_OK = "ok";
  private static final String STATUS_ERROR = "error";

  private record Report(String status, Map<String, String> checks) {}

  private final DatabaseProbe probe;
  private final Thread poller;
  private volatile @Nullable Long lastSuccess;
  private volatile boolean shuttingDown;

  /**
   * Starts the background thread.
   *
   * @param probe closed by {@link #close}
   */
  public Health(DatabaseProbe probe) {
    this.probe = probe;
    this.poller = Thread.ofVirtual().name("health").start(this::poll);
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
    if (shuttingDown) {
      checks.put("process", STATUS_ERROR);
    }
    if (!checks.containsValue(STATUS_ERROR)) {
      return Reply.bare(new Report(STATUS_OK, checks));
    }
    return new Reply.WithHeaders(
        new Reply.Body(503, new Report(STATUS_ERROR, checks)),
        Map.of("Retry-After", Long.toString(POLL_INTERVAL.toSeconds())));
  }

  /** Reports not ready from now on, so that load balancers stop sending requests. */
  public void shuttingDown() {
    shuttingDown = true;
  }

  private boolean isDatabaseAvailable() {
    Long last = lastSuccess;
    return last != null && System.nanoTime() - last < MAX_AGE.toNanos();
  }

  private void poll() {
    try (probe) {
      while (!Thread.interrupted()) {
        lastSuccess = probe.isAvailable() ? System.nanoTime() : null;
        Thread.sleep(POLL_INTERVAL);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  @Override
  public void close() {
    poller.interrupt();
  }
}

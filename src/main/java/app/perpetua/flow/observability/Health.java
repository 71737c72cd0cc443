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
 * Whether the process lives, and whether it should get traffic. The database is asked in the
 * background once a second, so that neither answer ever waits for it. Thread-safe.
 */
public final class Health implements AutoCloseable {
  private static final Duration PACE = Duration.ofSeconds(1);

  /** An answer older than this counts for nothing: whoever asks must have got stuck. */
  private static final Duration STALE = Duration.ofSeconds(5);

  private static final String OK = "ok";
  private static final String ERROR = "error";

  private record Answer(String status, Map<String, String> checks) {}

  private final DatabaseProbe probe;
  private final Thread asking;
  private volatile @Nullable Long answeredAt;
  private volatile boolean shuttingDown;

  /** Begins to ask; not ready before the first answer. Closes the probe. */
  public Health(DatabaseProbe probe) {
    this.probe = probe;
    this.asking = Thread.ofVirtual().name("health").start(this::ask);
  }

  /** The probes. */
  public List<Route> routes() {
    return List.of(
        Route.probe("/health/live", this::live),
        Route.probe("/health/ready", this::ready),
        Route.probe("/api/v1/health/live", this::live),
        Route.probe("/api/v1/health/ready", this::ready));
  }

  /** Alive, since it answers. */
  public Reply live(Request request) {
    return Reply.bare(new Answer(OK, Map.of("process", OK)));
  }

  /** Ready as long as the database answers and shutdown has not begun. */
  public Reply ready(Request request) {
    Map<String, String> checks = new LinkedHashMap<>();
    checks.put("database", databaseAnswers() ? OK : ERROR);
    if (shuttingDown) {
      checks.put("process", ERROR);
    }
    if (!checks.containsValue(ERROR)) {
      return Reply.bare(new Answer(OK, checks));
    }
    return new Reply.WithHeaders(
        new Reply.Body(503, new Answer(ERROR, checks)),
        Map.of("Retry-After", Long.toString(PACE.toSeconds())));
  }

  /** From now on not ready: load balancers send their requests elsewhere. */
  public void shuttingDown() {
    shuttingDown = true;
  }

  private boolean databaseAnswers() {
    Long answered = answeredAt;
    return answered != null && System.nanoTime() - answered < STALE.toNanos();
  }

  private void ask() {
    try (probe) {
      while (!Thread.interrupted()) {
        answeredAt = probe.isAvailable() ? System.nanoTime() : null;
        Thread.sleep(PACE);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** Stops asking. */
  @Override
  public void close() {
    asking.interrupt();
  }
}

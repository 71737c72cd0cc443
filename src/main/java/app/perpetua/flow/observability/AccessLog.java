package app.perpetua.flow.observability;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.RequestContext;
import java.math.BigDecimal;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Logs each completed request in one line (FR-065), with the route instead of the path and query,
 * which may contain user data. Thread-safe.
 */
public final class AccessLog implements Consumer<CompletedRequest> {
  /** The parameter of a line: its fields are made only if the line is written. */
  record Entry(CompletedRequest completed) {
    String outcome() {
      return completed.outcome().wireName();
    }

    LogFields fields() {
      RequestContext context = completed.context();
      String route = Objects.requireNonNullElse(context.route(), "(no route)");
      return LogFields.of("request_id", context.requestId())
          .with("user_id", context.userId())
          .with("action", completed.method() + " " + route)
          .with("outcome", outcome())
          .with("status", completed.status())
          .with("code", context.code())
          .with("duration_ms", BigDecimal.valueOf(completed.duration().toNanos() / 1_000, 3))
          .with("client", context.client());
    }
  }

  private final System.Logger log;

  public AccessLog() {
    this(System.getLogger(AccessLog.class.getName()));
  }

  AccessLog(System.Logger log) {
    this.log = log;
  }

  @Override
  public void accept(CompletedRequest completed) {
    System.Logger.Level level = level(completed);
    if (!log.isLoggable(level)) {
      return;
    }
    log.log(level, "request", new Entry(completed));
  }

  /** Successful probes and scrapes, every few seconds, are logged at DEBUG only. */
  private static System.Logger.Level level(CompletedRequest completed) {
    if (completed.outcome() == CompletedRequest.Outcome.FAILED) {
      return System.Logger.Level.WARNING;
    }
    String route = completed.context().route();
    boolean routine =
        completed.status() < 400
            && route != null
            && (route.contains("/health/") || route.equals("/metrics"));
    return routine ? System.Logger.Level.DEBUG : System.Logger.Level.INFO;
  }
}

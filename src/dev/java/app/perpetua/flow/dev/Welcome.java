package app.perpetua.flow.dev;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The summary that {@code ./dev} prints once everything runs. */
final class Welcome {
  private Welcome() {}

  /**
   * @param clockOffset the clock's offset from an earlier run
   * @param log the service's log file; null if it is on the terminal
   */
  static String text(
      URI service,
      int controlPort,
      DevDatabase database,
      List<ServiceProcess> processes,
      Duration clockOffset,
      @Nullable Path log) {
    StringBuilder text = new StringBuilder("\nPerpetua Flow is running.\n\n");
    line(text, "console", "http://localhost:" + controlPort + "/");
    line(text, "service", service + "/api/v1");
    line(text, "docs", service + "/api/v1/docs");
    line(
        text,
        "control",
        "http://localhost:" + controlPort + "  the same for programs: GET / lists the calls");
    line(text, "database", database.url());
    line(text, "log", log == null ? "on the terminal" : log.toString());
    for (ServiceProcess process : processes) {
      line(text, process.name(), "pid " + process.pid() + ", port " + process.port());
    }
    line(text, "postgres", "pid " + database.pid());
    if (!clockOffset.isZero()) {
      line(
          text,
          "clock",
          (clockOffset.isNegative() ? "behind by " : "ahead by ")
              + clockOffset.abs()
              + ", from an earlier run; POST /clock {\"reset\": true} resets it");
    }
    text.append(
        """

        Sign in as a new user, create a task, list tasks (Idempotency-Key: a UUID for each change):

          TOKEN=$(curl -sS -X POST localhost:%d/session | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
          curl -sS %s/api/v1/tasks -H "Authorization: Bearer $TOKEN" \\
            -H 'Idempotency-Key: 00000000-0000-4000-8000-000000000001' \\
            -H 'Content-Type: application/json' -d '{"title": "Water the plants"}'
          curl -sS %s/api/v1/tasks -H "Authorization: Bearer $TOKEN"

        A process that ends is restarted after a second. Ctrl-C stops all processes.
        """
            .formatted(controlPort, service, service));
    return text.toString();
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append("  %-10s%s%n".formatted(name, value));
  }
}

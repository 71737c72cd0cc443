package app.perpetua.flow.dev.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import app.perpetua.flow.dev.metrics.RecentMetrics.Measured;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RecentMetricsTest {
  private static final Instant AT = Instant.parse("2026-03-10T09:30:00Z");

  private final RecentMetrics recent = new RecentMetrics(3);
  private long seconds;

  private void add(Map<String, Measured> measured) {
    recent.add(measured, AT.plusSeconds(seconds), Duration.ofSeconds(seconds).toNanos());
    seconds += 5;
  }

  private void service(long pid, String text) {
    add(Map.of("service", measured(pid, text)));
  }

  private static Measured measured(long pid, String text) {
    return new Measured(pid, Exposition.parse(text));
  }

  private Sample last() {
    return recent.samples().getLast();
  }

  private double p95() {
    return Objects.requireNonNull(last().p95Ms());
  }

  private static String requests(String route, int status, int fast, int slow, int endless) {
    String labels = "method=\"GET\",route=\"" + route + "\",status=\"" + status + "\"";
    return """
        perpetua_http_server_requests_seconds_bucket{%1$s,le="0.1"} %2$d
        perpetua_http_server_requests_seconds_bucket{%1$s,le="0.5"} %3$d
        perpetua_http_server_requests_seconds_bucket{%1$s,le="+Inf"} %4$d
        perpetua_http_server_requests_seconds_count{%1$s} %4$d
        """
        .formatted(labels, fast, fast + slow, fast + slow + endless);
  }

  @Test
  void rates_are_differences_by_the_time_between_two_measurements() {
    service(1, requests("/tasks", 200, 100, 0, 0));
    assertEquals(0, recent.samples().size());
    service(
        1,
        requests("/tasks", 200, 110, 0, 0)
            + requests("/tasks", 404, 5, 0, 0)
            + requests("/notes", 500, 10, 0, 0));
    assertEquals(1, recent.samples().size());
    assertEquals(AT.plusSeconds(5), last().at());
    assertEquals(5, last().requestsPerSecond());
    assertEquals(2, last().errorsPerSecond());
    assertEquals(1, last().refusedPerSecond());
  }

  @Test
  void the_percentile_is_interpolated_within_its_bucket() {
    service(1, "");
    service(1, requests("/tasks", 200, 90, 10, 0));
    // Rank 95 of 100 is in the middle of the ten requests between 100 and 500 ms.
    assertEquals(300.0, p95(), 0.001);
    service(1, requests("/tasks", 200, 90, 10, 0));
    assertNull(last().p95Ms());
    service(1, requests("/tasks", 200, 100, 10, 0));
    assertEquals(95.0, p95(), 0.001);
    service(1, requests("/tasks", 200, 100, 10, 100));
    assertEquals(500.0, p95(), 0.001);
  }

  @Test
  void health_checks_and_metrics_do_not_count() {
    service(1, "");
    service(
        1,
        requests("/metrics", 200, 9, 0, 0)
            + requests("/health/ready", 503, 0, 9, 0)
            + requests("/api/v1/health/live", 200, 9, 0, 0));
    assertEquals(0, last().requestsPerSecond());
    assertEquals(0, last().errorsPerSecond());
    assertNull(last().p95Ms());
  }

  @Test
  void a_restart_counts_from_zero() {
    service(1, requests("/tasks", 200, 100, 0, 0));
    service(2, requests("/tasks", 200, 10, 0, 0));
    assertEquals(2, last().requestsPerSecond());
    // The new process has already more requests than the old one had.
    service(3, requests("/tasks", 200, 50, 0, 0));
    assertEquals(10, last().requestsPerSecond());
    service(3, requests("/tasks", 200, 5, 0, 0));
    assertEquals(1, last().requestsPerSecond());
  }

  @Test
  void processes_are_added_up_and_report_one_queue() {
    String worker =
        """
        perpetua_jobs{state="due"} 4
        perpetua_jobs{state="running"} 2
        perpetua_jobs{state="dead"} 1
        hikaricp_connections_active{pool="main"} 3
        hikaricp_connections_pending{pool="main"} 1
        """;
    add(Map.of("service", measured(1, ""), "worker 1", measured(2, worker)));
    add(
        Map.of(
            "service",
            measured(1, requests("/tasks", 200, 5, 0, 0) + "hikaricp_connections_active 2\n"),
            "worker 1",
            measured(2, worker + requests("/tasks", 200, 5, 0, 0)),
            "worker 2",
            measured(3, worker + requests("/tasks", 200, 500, 0, 0))));
    // The first measurement of worker 2 has no earlier one to compare with.
    assertEquals(new Sample(AT.plusSeconds(5), 2, 95.0, 0, 0, 4L, 2L, 1L, 8, 2), last());
  }

  @Test
  void without_an_answer_there_is_no_sample() {
    service(1, requests("/tasks", 200, 0, 0, 0));
    add(Map.of());
    assertEquals(0, recent.samples().size());
    service(1, requests("/tasks", 200, 10, 0, 0));
    assertEquals(1, recent.samples().size());
    assertNull(last().jobsDue());
  }

  @Test
  void only_the_latest_samples_are_kept() {
    for (int i = 0; i < 5; i++) {
      service(1, "");
    }
    assertEquals(3, recent.samples().size());
    assertEquals(AT.plusSeconds(10), recent.samples().getFirst().at());
    assertEquals(AT.plusSeconds(20), last().at());
  }
}

package app.perpetua.flow.dev.control;

import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.dev.metrics.MetricsSampler;
import app.perpetua.flow.dev.metrics.RecentMetrics;
import app.perpetua.flow.parsing.JsonReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The control-port call that shows the service's recent metrics. Thread-safe. */
public final class MetricsControls {
  private final RecentMetrics recent;

  public MetricsControls(RecentMetrics recent) {
    this.recent = recent;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "GET",
            "/metrics/recent",
            "",
            "the last ten minutes in real time, oldest first: {interval_seconds, samples: [{at,"
                + " requests_per_second, p95_ms, errors_per_second, refused_per_second, jobs_due,"
                + " jobs_running, jobs_dead, pool_active, pool_pending}]}; p95_ms is null without"
                + " requests",
            this::samples));
  }

  private Answer samples(JsonReader body) {
    body.validate();
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("interval_seconds", MetricsSampler.INTERVAL.toSeconds());
    shown.put("samples", recent.samples());
    return Answer.ok(shown);
  }
}

package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.OpenLoop;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * Measures the service at a calm rate, at the knee (the highest rate that it serves without
 * refusals and with normal latencies) and at three times the knee. Confined to one thread.
 */
final class Overload {
  private static final double CALM = 400;
  private static final double FIRST_STEP = 400;
  private static final double STEP = 1.15;

  /** More steps than any machine needs. */
  private static final int MAX_STEPS = 40;

  private static final Duration KNEE_P99 = Duration.ofMillis(150);
  private static final double KNEE_REFUSED = 0.001;
  private static final int OVERLOAD = 3;

  private static final Duration CALM_P95 = Duration.ofMillis(50);
  private static final Duration CALM_P99 = Duration.ofMillis(150);
  private static final Duration REFUSED_P95 = Duration.ofMillis(50);
  private static final Duration SERVED_P99 = Duration.ofMillis(500);
  private static final double GOODPUT = 0.9;
  private static final long HEAP_MEGABYTES = 512;

  private final BenchOptions options;
  private final Report report;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

  Overload(BenchOptions options, Report report) {
    this.options = options;
    this.report = report;
  }

  /**
   * Runs all phases.
   *
   * @param requests for {@link OpenLoop#CONNECTIONS} connections
   */
  void run(Service service, Requests requests) throws IOException, InterruptedException {
    Duration window = Duration.ofSeconds(options.quick() ? 2 : 20);
    report.print("");
    report.print(
        "Random arrivals, half lists, a quarter single tasks, a quarter writes; the driver shares"
            + " the cores.");
    try (OpenLoop driver = new OpenLoop(service.port(), requests)) {
      driver.run(CALM, options.warmUp());
      double knee = knee(driver);
      report.print(
          "%-24s %8s %8s %8s %7s %7s %7s %8s %7s %7s %5s",
          "",
          "sent/s",
          "served/s",
          "refused",
          "p50",
          "p95",
          "p99",
          "refused:",
          "p50",
          "p95",
          "5xx");
      OpenLoop.Result calm = driver.run(CALM, window);
      line("calm", CALM, calm);
      OpenLoop.Result full = driver.run(knee, window);
      line("knee", knee, full);
      OpenLoop.Result over = driver.run(OVERLOAD * knee, window);
      line("three times the knee", OVERLOAD * knee, over);
      OpenLoop.Result after = driver.run(CALM, Duration.ofSeconds(options.quick() ? 1 : 5));
      line("calm again, at once", CALM, after);
      long heap = heapMegabytes(service.port());
      report.print(
          "Service: %d MB resident, heap of %d MB committed.", service.residentMegabytes(), heap);
      target("calm: p95 < 50 ms", below(calm.served(), 95, CALM_P95));
      target("calm: p99 < 150 ms", below(calm.served(), 99, CALM_P99));
      target("calm: no 5xx", calm.refused().getTotalCount() + calm.failed() == 0);
      target(
          "three times the knee: goodput ≥ 0.9 of the knee's",
          over.goodput() >= GOODPUT * full.goodput());
      target("three times the knee: refusals' p95 < 50 ms", below(over.refused(), 95, REFUSED_P95));
      target("three times the knee: p99 < 500 ms", below(over.served(), 99, SERVED_P99));
      target("no failure but refusals", calm.failed() + full.failed() + over.failed() == 0);
      target("heap ≤ 512 MB", heap <= HEAP_MEGABYTES);
    }
  }

  /** Raises the rate by steps until requests are refused or late. */
  private double knee(OpenLoop driver) throws IOException {
    Duration step = Duration.ofSeconds(options.quick() ? 1 : 3);
    double knee = 0;
    double rate = FIRST_STEP;
    for (int i = 0; i < MAX_STEPS; i++) {
      OpenLoop.Result result = driver.run(rate, step);
      boolean isServed =
          result.served().getTotalCount() > 0
              && result.refused().getTotalCount() <= KNEE_REFUSED * result.answered()
              && below(result.served(), 99, KNEE_P99);
      report.print(
          "  %6.0f/s: p99 %6.1f ms, %d refused",
          rate, millis(result.served(), 99), result.refused().getTotalCount());
      if (!isServed) {
        break;
      }
      knee = rate;
      rate *= STEP;
    }
    if (knee == 0) {
      report.print("The machine cannot serve %.0f/s; the knee is taken to be half of it.", rate);
      return rate / 2;
    }
    return knee;
  }

  private void line(String phase, double rate, OpenLoop.Result result) {
    report.print(
        "%-24s %8.0f %8.0f %8d %7.1f %7.1f %7.1f %8s %7.1f %7.1f %5d",
        phase,
        rate,
        result.goodput(),
        result.refused().getTotalCount(),
        millis(result.served(), 50),
        millis(result.served(), 95),
        millis(result.served(), 99),
        "",
        millis(result.refused(), 50),
        millis(result.refused(), 95),
        result.failed());
    if (result.unexpected() > 0) {
      report.print("%-24s %d responses with an unexpected status", "", result.unexpected());
    }
  }

  private void target(String what, boolean isMet) {
    report.print("  %-52s %s", what, isMet ? "met" : "MISSED");
  }

  private static boolean below(Histogram latencies, double percentile, Duration limit) {
    return latencies.getValueAtPercentile(percentile) * 1_000 < limit.toNanos();
  }

  private static double millis(Histogram latencies, double percentile) {
    return latencies.getValueAtPercentile(percentile) / 1e3;
  }

  private long heapMegabytes(int port) throws IOException, InterruptedException {
    HttpRequest metrics =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build();
    return (long)
        (http.send(metrics, HttpResponse.BodyHandlers.ofString())
                .body()
                .lines()
                .filter(line -> line.startsWith("jvm_memory_committed_bytes{area=\"heap\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum()
            / (1024 * 1024));
  }
}

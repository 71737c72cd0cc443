package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.CpuTime;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Compares the rate of each request with that of pgbench running the same statements on the same
 * database. Confined to one thread.
 */
final class Throughput {
  static final int CONNECTIONS = 64;

  /** The default of the service's pool size. */
  static final int POOL = 12;

  /** Of each client: a short window may be over before any transaction has ended. */
  private static final int QUICK_TRANSACTIONS = 100;

  private static final double READ_TARGET = 0.5;
  private static final double WRITE_TARGET = 0.6;

  private final Database database;
  private final Path home;
  private final BenchOptions options;
  private final Report report;

  Throughput(Database database, Path home, BenchOptions options, Report report) {
    this.database = database;
    this.home = home;
    this.options = options;
    this.report = report;
  }

  /**
   * Measures reads or writes.
   *
   * @param requests of {@link #CONNECTIONS} connections
   */
  void run(Service service, Requests requests, boolean writes)
      throws IOException, SQLException, InterruptedException {
    // In a short run, most of the time would be spent on connecting.
    int connections = options.quick() ? POOL : CONNECTIONS;
    Driver driver = new Driver(service.port(), connections, requests);
    PgBench pgbench = new PgBench(database, home, connections);
    PgBench fewer = new PgBench(database, home, POOL);
    report.print("");
    report.print(
        "%d connections, %d windows of %d s each:",
        connections, options.windows(), options.seconds());
    report.print(
        "%-20s %9s %7s %7s %9s %6s %5s | %s",
        "", "requests", "p50", "p99", "pgbench", "", "", "CPU of all cores, %");
    report.print(
        "%-20s %9s %7s %7s %9s %6s %5s | %6s %7s %8s %6s | %s",
        "",
        "/s",
        "ms",
        "ms",
        "/s",
        "ratio",
        "target",
        "driver",
        "service",
        "postgres",
        "others",
        "µs/request: service, postgres; pgbench, postgres");
    for (Operation operation : Operation.values()) {
      if (operation.compared() && operation.writes() == writes) {
        Comparison comparison = new Comparison();
        driver.atFullSpeed(operation, options.warmUp());
        for (int i = 0; i < options.windows(); i++) {
          compare(operation, service, driver, pgbench, comparison);
        }
        print(operation, comparison);
        vacuum();
        double half = comparison.servicePerSecond() / 2;
        Latencies paced = driver.atPace(operation, options.window(), half);
        report.print(
            "%-20s %9.0f %7.2f %7.2f   p99 at half load%s",
            "",
            paced.size() / (double) options.seconds(),
            millis(paced.percentile(0.5)),
            millis(paced.percentile(0.99)),
            verdict(millis(paced.percentile(0.99))));
        if (!options.quick()) {
          PgBench.Result few = fewer.run(operation, options.window());
          report.print(
              "%-20s %37.0f %6.2f       pgbench with %d clients, the size of the pool",
              "", few.perSecond(), comparison.servicePerSecond() / few.perSecond(), POOL);
        }
      }
    }
  }

  private void compare(
      Operation operation, Service service, Driver driver, PgBench pgbench, Comparison comparison)
      throws IOException, SQLException, InterruptedException {
    vacuum();
    CpuTime start = CpuTime.of(service.pid(), database.pid());
    Latencies latencies = driver.atFullSpeed(operation, options.window());
    comparison.service(latencies, CpuTime.of(service.pid(), database.pid()).since(start));
    vacuum();
    start = CpuTime.of(service.pid(), database.pid());
    PgBench.Result result =
        options.quick()
            ? pgbench.times(operation, QUICK_TRANSACTIONS)
            : pgbench.run(operation, options.window());
    comparison.pgbench(result, CpuTime.of(service.pid(), database.pid()).since(start));
  }

  private void vacuum() throws SQLException {
    // Without comparable figures, it does not matter what earlier work left behind.
    if (!options.quick()) {
      database.vacuum();
    }
  }

  private void print(Operation operation, Comparison measured) throws IOException {
    double target = operation.writes() ? WRITE_TARGET : READ_TARGET;
    CpuTime cpu = measured.serviceCpu();
    CpuTime other = measured.pgbenchCpu();
    long answered = measured.latencies().size();
    report.print(
        "%-20s %9.0f %7.2f %7.2f %9.0f %6.2f %5s | %6.0f %7.0f %8.0f %6.0f | %.0f, %.0f; %.0f, %.0f",
        operation.title(),
        measured.servicePerSecond(),
        millis(measured.latencies().percentile(0.5)),
        millis(measured.latencies().percentile(0.99)),
        measured.pgbenchPerSecond(),
        measured.ratio(),
        options.quick() ? "" : (measured.ratio() >= target ? "≥" : "<") + target,
        cpu.percent(cpu.driver()),
        cpu.percent(cpu.service()),
        cpu.percent(cpu.postgres()),
        cpu.percent(cpu.others()),
        CpuTime.each(cpu.service(), answered),
        CpuTime.each(cpu.postgres(), answered),
        CpuTime.each(other.pgbench(), measured.transactions()),
        CpuTime.each(other.postgres(), measured.transactions()));
    long refused = measured.latencies().refused();
    if (refused > 0) {
      report.print("%-20s %9d responses with 503", "", refused);
    }
    // A slow machine may be overloaded at times; mostly 503 means that the service does not work.
    if (refused >= answered) {
      throw new IOException(
          operation.title() + " was mostly answered with 503, see the service's log");
    }
  }

  private String verdict(double p99) {
    // Short windows are too rough to be compared with a target.
    return options.quick() ? "" : ", target < 25 ms: " + (p99 < 25 ? "met" : "MISSED");
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}

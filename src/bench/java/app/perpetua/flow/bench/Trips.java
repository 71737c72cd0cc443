package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.RoundTrips;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** Counts the database round trips of each request. Confined to one thread. */
final class Trips {
  /** Starts the service on a database, with additional environment variables. */
  @FunctionalInterface
  interface Starting {
    Service start(String databaseUrl, Map<String, String> overrides) throws IOException;
  }

  private final Database database;
  private final Report report;

  Trips(Database database, Report report) {
    this.database = database;
    this.report = report;
  }

  /**
   * Uses one connection and one request at a time, after enough requests to prepare statements.
   *
   * @param requests of one connection
   */
  void run(Starting starting, Requests requests) throws IOException, SQLException {
    int count = 20;
    try (RoundTrips counter = new RoundTrips(database.port());
        Service service =
            starting.start(database.url(counter.port()), Map.of("DATABASE_POOL_SIZE", "1"))) {
      Driver driver = new Driver(service.port(), 1, requests);
      report.print("");
      report.print(
          "Database round trips, including begin and commit; target: 1 for a read, 2 for a write with"
              + " a key, 3 for a completion:");
      for (Operation operation : Operation.values()) {
        driver.times(operation, count);
        long before = counter.busiest();
        driver.times(operation, count);
        report.print(
            "  %-30s %.2f", operation.title(), (counter.busiest() - before) / (double) count);
      }
      database.reopen();
    }
  }
}

package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.fake.CheckoutEvent;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Time until webhooks of captured payments are answered and applied, at two hundred a second, each
 * for another order. Confined to one thread.
 */
final class ArrivingWebhooks {
  /** The secret that signs the webhooks. */
  static final String SECRET = "bench";

  private static final int PER_SECOND = 200;
  private static final Duration TARGET = Duration.ofMillis(50);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Database database;
  private final BenchOptions options;
  private final Report report;

  ArrivingWebhooks(Database database, BenchOptions options, Report report) {
    this.database = database;
    this.options = options;
    this.report = report;
  }

  void run(int port) throws IOException, SQLException, InterruptedException {
    URI url = URI.create("http://127.0.0.1:" + port + "/api/v1/webhooks/checkout");
    // Warm-up with increasing rates, while the JVMs of the service and of this driver compile.
    for (int share : new int[] {8, 4, 2}) {
      int perSecond = PER_SECOND / share;
      send(url, orders(perSecond * (options.quick() ? 2 : 5)), perSecond);
    }
    send(url, orders(PER_SECOND * (options.quick() ? 2 : 60)), PER_SECOND);
    database.vacuum();
    List<UUID> orders = orders(PER_SECOND * (options.quick() ? 5 : 20));
    Latencies latencies = send(url, orders, PER_SECOND);
    report(latencies);
  }

  private List<UUID> orders(int count) throws SQLException {
    List<UUID> orders = new ArrayList<>();
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                insert into billing.purchases
                  (id, user_id, kind, credits, amount_cents, currency, created_at, updated_at)
                select uuidv7(), u.id, 'credits', 1, 5, 'USD', now(), now()
                from (select id, row_number() over (order by id) - 1 as place from auth.users) u,
                     generate_series(0, %d - 1) n
                where u.place = n %% (select count(*) from auth.users)
                order by n
                returning id
                """
                    .formatted(count))) {
      while (rows.next()) {
        orders.add(rows.getObject("id", UUID.class));
      }
    }
    return orders;
  }

  /** Sends at a fixed rate, whether or not responses arrive; latencies count from the due time. */
  private static Latencies send(URI url, List<UUID> orders, int perSecond) throws IOException {
    Latencies latencies = new Latencies();
    AtomicInteger failed = new AtomicInteger();
    long interval = Duration.ofSeconds(1).toNanos() / perSecond;
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      long start = System.nanoTime() + Duration.ofMillis(200).toNanos();
      for (int i = 0; i < orders.size(); i++) {
        UUID order = orders.get(i);
        long due = start + i * interval;
        while (System.nanoTime() - due < 0) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        HttpRequest request = request(url, order);
        threads.execute(
            () -> {
              int status = status(http, request);
              synchronized (latencies) {
                switch (status) {
                  case 200 -> latencies.record(System.nanoTime() - due);
                  case 503 -> latencies.refuse();
                  default -> failed.incrementAndGet();
                }
              }
            });
      }
    }
    if (failed.get() > 0) {
      throw new IOException(failed + " responses had a status other than 200 and 503");
    }
    return latencies;
  }

  private static HttpRequest request(URI url, UUID order) {
    byte[] body =
        CheckoutEvent.of("payment_captured", Instant.now())
            .payment("pay_" + order)
            .reference(order)
            .amount(5)
            .source("src_" + order)
            .body();
    return HttpRequest.newBuilder(url)
        .timeout(TIMEOUT)
        .header("Content-Type", "application/json")
        .header("Cko-Signature", CheckoutEvent.signature(SECRET, body))
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
        .build();
  }

  private static int status(HttpClient http, HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  private void report(Latencies latencies) throws SQLException, IOException {
    double p95 = latencies.percentile(0.95).toNanos() / 1e6;
    report.print("");
    report.print(
        "%,d webhooks, %d a second: answered in %.1f ms (p50), %.1f ms (p95, target < %d ms: %s)",
        latencies.size() + latencies.refused(),
        PER_SECOND,
        latencies.percentile(0.5).toNanos() / 1e6,
        p95,
        TARGET.toMillis(),
        p95 < TARGET.toMillis() ? "met" : "MISSED");
    if (latencies.refused() > 0) {
      report.print("%,d were answered with 503, which the provider repeats", latencies.refused());
    }
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select count(*) filter (where status <> 'applied') as unapplied,
                       percentile_cont(0.95) within group (
                         order by extract(epoch from applied_at - event_at)) as p95,
                       max(extract(epoch from applied_at - event_at))::float8 as longest
                from (
                  select status, applied_at, event_at
                  from billing.payment_events
                  order by received_at desc
                  limit %d
                ) newest
                """
                    .formatted(latencies.size()))) {
      row.next();
      if (row.getInt("unapplied") > 0) {
        throw new IOException(row.getInt("unapplied") + " webhooks were not applied");
      }
      report.print(
          "applied %.3f s after the event (p95), %.3f s at most; target < 1 s: %s",
          row.getDouble("p95"),
          row.getDouble("longest"),
          row.getDouble("longest") < 1 ? "met" : "MISSED");
    }
  }
}

package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.CpuTime;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * Two API processes on one database: streams of many users at one of them, writes at the other.
 * Measures the time from sending a write to its event, the memory of the streams, and the processor
 * time of polling: one stream costs a process the same polls as a thousand. Confined to one thread,
 * except for the streams.
 */
final class EventDelays {
  private static final int STREAMS = 1_000;
  private static final int OPENING = 16;
  private static final int WRITES_PER_SECOND = 50;

  /** Of a measurement of idle time, which is noisy. */
  private static final int WINDOWS = 10;

  /** What compilers and collections of the work before take. */
  private static final Duration REST = Duration.ofSeconds(30);

  private static final Duration HEARTBEATS = Duration.ofSeconds(45);
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final double TARGET_MILLIS = 500;
  private static final long TARGET_MEGABYTES = 256;
  private static final double TARGET_PERCENT = 2;

  /** Starts a process. */
  @FunctionalInterface
  interface Starter {
    Service start() throws IOException;
  }

  private final Database database;
  private final BenchOptions options;
  private final IntFunction<String> tokens;
  private final Report report;

  /** When the write of each user was sent; 0 if its event has arrived. */
  private final AtomicLongArray sent = new AtomicLongArray(STREAMS);

  private final Latencies delays = new Latencies();
  private final CountDownLatch ready = new CountDownLatch(STREAMS);

  EventDelays(Database database, BenchOptions options, IntFunction<String> tokens, Report report) {
    this.database = database;
    this.options = options;
    this.tokens = tokens;
    this.report = report;
  }

  void run(Starter starter, Requests requests) throws IOException, InterruptedException {
    report.print("");
    report.print("Event streams, %d of as many users at one process, writes at another:", STREAMS);
    List<Socket> streams = new ArrayList<>();
    try (Service writer = starter.start();
        Service streaming = starter.start()) {
      // A process that has just started interprets what it does three times a second for minutes.
      new Driver(streaming.port(), 1, requests).atFullSpeed(Operation.LIST, options.warmUp());
      long heap = streaming.heapBytes();
      long resident = streaming.residentMegabytes();
      CpuTime without = idle(streaming);
      for (int user = 0; user < STREAMS; user++) {
        streams.add(open(streaming.port(), user));
        awaitOpen(user + 1 - OPENING);
      }
      awaitOpen(STREAMS);
      write(writer.port());
      report.print(
          "  from sending a write to its event: p50 %.0f, p99 %.0f ms, target %.0f%s; %d writes, %d/s",
          millis(0.5),
          millis(0.99),
          TARGET_MILLIS,
          millis(0.99) < TARGET_MILLIS ? "" : ", missed",
          delays.size(),
          WRITES_PER_SECOND);
      long grown = (streaming.heapBytes() - heap) / 1_000_000;
      report.print(
          "  memory: %d MB of heap more than without streams, process %d MB (%d without), target %d%s",
          grown,
          streaming.residentMegabytes(),
          resident,
          TARGET_MEGABYTES,
          grown < TARGET_MEGABYTES ? "" : ", missed");
      CpuTime with = idle(streaming);
      for (Socket stream : streams.subList(1, STREAMS)) {
        stream.close();
      }
      // The process notices it when it writes the next heartbeats.
      LockSupport.parkNanos(HEARTBEATS.toNanos());
      CpuTime one = idle(streaming);
      report.print(
          "  idle, %% of a core in the process and in PostgreSQL: without streams %s, one stream %s,"
              + " all %s",
          shares(without), shares(one), shares(with));
      double added = shares(with).sum() - shares(without).sum();
      report.print(
          "  all streams add %.2f %%, target %.0f%s",
          added, TARGET_PERCENT, added < TARGET_PERCENT ? "" : ", missed");
    } finally {
      for (Socket stream : streams) {
        stream.close();
      }
    }
  }

  /** More at once than the database's connections could serve would be refused. */
  private void awaitOpen(int streams) throws IOException {
    long start = System.nanoTime();
    while (STREAMS - ready.getCount() < streams) {
      if (System.nanoTime() - start > LIMIT.toNanos()) {
        throw new IOException("a stream did not open");
      }
      LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
    }
  }

  private CpuTime idle(Service service) {
    LockSupport.parkNanos(options.quick() ? 0 : REST.toNanos());
    CpuTime start = CpuTime.of(service.pid(), database.pid());
    LockSupport.parkNanos(options.window().multipliedBy(WINDOWS).toNanos());
    return CpuTime.of(service.pid(), database.pid()).since(start);
  }

  private record Shares(double service, double postgres) {
    double sum() {
      return service + postgres;
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.2f + %.2f", service, postgres);
    }
  }

  private static Shares shares(CpuTime time) {
    int cores = Runtime.getRuntime().availableProcessors();
    return new Shares(time.percent(time.service()) * cores, time.percent(time.postgres()) * cores);
  }

  private double millis(double share) {
    return delays.percentile(share).toNanos() / 1e6;
  }

  private Socket open(int port, int user) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    String head =
        "GET /api/v1/events?types=task HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + tokens.apply(user)
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    Thread.startVirtualThread(() -> read(socket, user));
    return socket;
  }

  private void read(Socket socket, int user) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8), 512)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals("event: change")) {
          long at = sent.getAndSet(user, 0);
          if (at != 0) {
            synchronized (delays) {
              delays.record(System.nanoTime() - at);
            }
          }
        } else if (line.equals("event: ready")) {
          ready.countDown();
        }
      }
    } catch (IOException e) {
      // The end of the measurement.
    }
  }

  private void write(int port) throws IOException, InterruptedException {
    int writes = (int) (WRITES_PER_SECOND * 4 * options.seconds());
    long interval = Duration.ofSeconds(1).toNanos() / WRITES_PER_SECOND;
    URI tasks = URI.create("http://127.0.0.1:" + port + "/api/v1/tasks");
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      long next = System.nanoTime();
      for (int i = 0; i < writes; i++) {
        int user = i % STREAMS;
        await(user);
        HttpRequest request =
            HttpRequest.newBuilder(tasks)
                .header("Authorization", "Bearer " + tokens.apply(user))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", UUID.randomUUID().toString())
                .POST(HttpRequest.BodyPublishers.ofString("{\"title\":\"Call\"}"))
                .build();
        sent.set(user, System.nanoTime());
        int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        if (status != 201) {
          throw new IOException("a write got " + status);
        }
        next += interval;
        LockSupport.parkNanos(next - System.nanoTime());
      }
    }
    for (int user = 0; user < STREAMS; user++) {
      await(user);
    }
  }

  private void await(int user) throws IOException {
    long start = System.nanoTime();
    while (sent.get(user) != 0) {
      if (System.nanoTime() - start > LIMIT.toNanos()) {
        throw new IOException("the event of a write did not arrive");
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }
}

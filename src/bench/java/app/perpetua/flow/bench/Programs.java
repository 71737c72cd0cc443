package app.perpetua.flow.bench;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;

/**
 * Requests of other programs: alternates reads by an access token and by a personal access token,
 * one request at a time, whose difference is the cost of the latter, and calls a tool. Confined to
 * one thread.
 */
final class Programs {
  private static final int COUNT = 1_000;
  private static final int QUICK_COUNT = 300;

  /** The settings that the service needs. */
  static final Map<String, String> SETTINGS =
      Map.of(
          "RATE_LIMIT_GENERAL", "100000000",
          "RATE_LIMIT_TOKEN", "100000000",
          "FREE_MAX_TASKS", "100000000");

  private final BenchOptions options;
  private final Report report;
  private final Json json = new Json();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  Programs(BenchOptions options, Report report) {
    this.options = options;
    this.report = report;
  }

  /**
   * Measures.
   *
   * @param service with {@link #SETTINGS}
   * @param accessToken of the first user
   */
  void run(Service service, String accessToken) throws IOException {
    URI base = URI.create("http://127.0.0.1:" + service.port());
    String scopes = "[\"tasks:read\",\"tasks:write\"]";
    String created =
        send(
            post(
                base.resolve("/api/v1/tokens"),
                accessToken,
                "{\"name\":\"bench\",\"scopes\":" + scopes + "}"),
            201);
    String token = json.parse(created).at("/data/secret").stringValue();
    URI task = base.resolve("/api/v1/tasks/" + Database.uuid(Database.taskNumber(0, 0)));
    Latencies byAccessToken = new Latencies();
    Latencies byToken = new Latencies();
    read(task, accessToken, new Latencies());
    read(task, token, new Latencies());
    for (int i = 0; i < options.windows(); i++) {
      read(task, accessToken, byAccessToken);
      read(task, token, byToken);
    }
    Latencies calls = new Latencies();
    call(base, token, new Latencies());
    call(base, token, calls);
    report.print("");
    report.print(
        "Requests of programs, one at a time, %d windows of %d requests each; targets: a personal"
            + " access token costs less than 0.2 ms at p50, add_task takes less than 20 ms at p95:",
        options.windows(), count());
    print("read with an access token", byAccessToken);
    print("read with a personal access token", byToken);
    print("tools/call add_task", calls);
    report.print(
        "  %-36s %.3f ms, ratio %.2f",
        "difference at p50",
        milliseconds(byToken, 0.5) - milliseconds(byAccessToken, 0.5),
        milliseconds(byToken, 0.5) / milliseconds(byAccessToken, 0.5));
  }

  private void print(String what, Latencies latencies) {
    report.print(
        "  %-36s p50 %6.3f ms  p95 %6.3f ms",
        what, milliseconds(latencies, 0.5), milliseconds(latencies, 0.95));
  }

  private static double milliseconds(Latencies latencies, double share) {
    return latencies.percentile(share).toNanos() / 1e6;
  }

  private void read(URI task, String token, Latencies latencies) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(task).header("Authorization", "Bearer " + token).build();
    for (int i = 0; i < count(); i++) {
      time(request, latencies);
    }
  }

  private void call(URI base, String token, Latencies latencies) throws IOException {
    for (int i = 0; i < count(); i++) {
      time(
          post(
              base.resolve("/mcp"),
              token,
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
                  + "\"add_task\",\"arguments\":{\"title\":\"bench\"}}}"),
          latencies);
    }
  }

  private void time(HttpRequest request, Latencies latencies) throws IOException {
    long begun = System.nanoTime();
    String body = send(request, 200);
    latencies.record(System.nanoTime() - begun);
    if (body.contains("\"isError\":true")) {
      throw new IOException(body);
    }
  }

  private static HttpRequest post(URI target, String token, String body) {
    return HttpRequest.newBuilder(target)
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private String send(HttpRequest request, int status) throws IOException {
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != status) {
        throw new IOException(answer.statusCode() + " " + answer.body());
      }
      return answer.body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  private int count() {
    return options.quick() ? QUICK_COUNT : COUNT;
  }
}

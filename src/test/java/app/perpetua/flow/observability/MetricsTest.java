package app.perpetua.flow.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.Accept;
import app.perpetua.flow.parsing.CursorKey;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.connection.Pool;
import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MetricsTest {
  private static final Secret TOKEN = new Secret("operator's token");

  @AutoClose private final Metrics metrics = new Metrics();

  @Test
  void FR_066_latency_is_a_histogram_by_method_route_and_status() {
    RequestContext context = new RequestContext("r", "203.0.113.7", () -> false);
    context.route("/api/v1/tasks/{id}");
    metrics.accept(new CompletedRequest(context, "GET", 200, Duration.ofMillis(30)));
    metrics.accept(new CompletedRequest(context, "GET", 200, Duration.ofSeconds(9)));
    String labels = "method=\"GET\",route=\"/api/v1/tasks/{id}\",status=\"200\"";
    assertHas("perpetua_http_server_requests_seconds_bucket{" + labels + ",le=\"0.025\"} 0");
    assertHas("perpetua_http_server_requests_seconds_bucket{" + labels + ",le=\"0.05\"} 1");
    assertHas("perpetua_http_server_requests_seconds_bucket{" + labels + ",le=\"5.0\"} 1");
    assertHas("perpetua_http_server_requests_seconds_bucket{" + labels + ",le=\"+Inf\"} 2");
    assertHas("perpetua_http_server_requests_seconds_sum{" + labels + "} 9.03");
    assertEquals(
        11,
        text()
            .lines()
            .filter(line -> line.startsWith("perpetua_http_server_requests_seconds_bucket"))
            .count());
  }

  @Test
  void FR_066_errors_are_counted() {
    RequestContext exchange = new RequestContext("r", "203.0.113.7", () -> false);
    exchange.code(ErrorCode.NOT_FOUND);
    metrics.accept(new CompletedRequest(exchange, "GET", 404, Duration.ofMillis(1)));
    assertHas("perpetua_http_server_errors_total{code=\"NOT_FOUND\"} 1");
    assertHas(
        "perpetua_http_server_requests_seconds_count{method=\"GET\",route=\"none\",status=\"404\"}"
            + " 1");
  }

  @Test
  void FR_066_counters_exist_before_their_first_event_which_increase_would_not_show_otherwise() {
    assertHas("perpetua_http_server_errors_total{code=\"INTERNAL_ERROR\"} 0");
    assertHas("perpetua_http_server_streams_interrupted_total{outcome=\"failed\"} 0");
  }

  @Test
  void FR_066_the_earlier_names_are_served_for_one_more_release() {
    RequestContext context = new RequestContext("r", "203.0.113.7", () -> false);
    context.code(ErrorCode.NOT_FOUND);
    metrics.accept(new CompletedRequest(context, "GET", 404, Duration.ofMillis(1)));
    metrics.registry().counter("push.sends", "outcome", "sent").increment();
    for (String name :
        List.of(
            "http_server_requests_seconds_count{method=\"GET\",route=\"none\",status=\"404\"} 1",
            "http_server_errors_total{code=\"NOT_FOUND\"} 1",
            "push_sends_total{outcome=\"sent\"} 1")) {
      assertHas(name);
      assertHas("perpetua_" + name);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
      })
  void FR_066_OpenMetrics_is_served_to_clients_that_prefer_it(String accept) {
    metrics.registry().counter("push.sends", "outcome", "sent").increment();
    Metrics.Exposition all = metrics.scrape(Accept.parse(List.of(accept)));
    assertEquals("application/openmetrics-text; version=1.0.0; charset=utf-8", all.contentType());
    assertTrue(all.text().endsWith("\n# EOF\n"), all.text());
    assertEquals(1, all.text().lines().filter("# EOF"::equals).count());
    assertTrue(all.text().contains("# TYPE perpetua_push_sends counter\n"), all.text());
    assertTrue(all.text().contains("perpetua_push_sends_total{outcome=\"sent\"} 1.0\n"));
    List<String> families =
        all.text().lines().filter(line -> line.startsWith("# TYPE ")).sorted().toList();
    assertEquals(families.stream().distinct().toList(), families);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*/*",
        "text/plain",
        "text/plain, application/openmetrics-text;q=0.9",
        "application/openmetrics-text;q=0, */*",
        "application/json"
      })
  void FR_066_Prometheus_text_is_served_otherwise(String accept) {
    Metrics.Exposition all = metrics.scrape(Accept.parse(List.of(accept)));
    assertEquals(Metrics.TEXT, all.contentType());
    assertTrue(all.text().contains("\n# TYPE jvm_threads_live_threads gauge\n"), all.text());
    assertFalse(all.text().contains("# EOF"));
    assertFalse(all.text().contains("perpetua_jvm"));
  }

  @Test
  void FR_066_the_process_and_the_pool_have_metrics() {
    try (HikariDataSource pool = Pool.open(Postgres.config(1, 3))) {
      Pool.register(pool, metrics.registry());
      assertThrows(SQLException.class, pool::getConnection);
      assertHas("hikaricp_connections_max{pool=\"main\"} 3");
      assertHas("hikaricp_connections_timeout_total{pool=\"main\"} 1");
    }
    for (String name :
        List.of(
            "jvm_memory_used_bytes{",
            "jvm_gc_memory_allocated_bytes_total ",
            "jvm_threads_live_threads ",
            "process_cpu_usage ",
            "process_files_open_files ",
            "process_uptime_seconds ",
            "system_cpu_count ")) {
      assertHas(name);
    }
  }

  @Test
  void FR_066_loopback_clients_may_read_metrics_except_through_a_proxy() {
    MetricsRoutes routes = new MetricsRoutes(metrics, PlainServer.config(Optional.empty(), 0));
    try (PlainServer server =
            new PlainServer(List.of(Route.plain("/metrics", routes::scrape)), metrics);
        Api api = server.api()) {
      String body = api.get("/metrics").expect(200).text();
      assertTrue(body.contains("jvm_threads_live_threads"), body);
      assertEquals(Metrics.TEXT, api.get("/metrics").header("Content-Type").orElseThrow());
      assertTrue(api.get("/metrics").text().contains("route=\"/metrics\""));
      for (String header :
          List.of(
              "X-Forwarded-For",
              "x-forwarded-host",
              "X-Forwarded-Proto",
              "X-Forwarded-Anything",
              "Forwarded",
              "X-Real-IP",
              "CF-Connecting-IP",
              "CF-Ray",
              "True-Client-IP",
              "X-Client-IP",
              "X-Cluster-Client-IP",
              "Fastly-Client-IP",
              "Fly-Client-IP",
              "X-Original-Forwarded-For",
              "X-Envoy-External-Address",
              "CDN-Loop",
              "Via")) {
        Api proxied = api.with(header, "127.0.0.1");
        assertEquals("UNAUTHORIZED", proxied.get("/metrics").expect(401).errorCode(), header);
      }
    }
  }

  @Test
  void FR_066_other_clients_need_the_metrics_token() {
    MetricsRoutes routes = new MetricsRoutes(metrics, PlainServer.config(Optional.of(TOKEN), 0));
    assertEquals(200, routes.scrape(remote("Bearer operator's token")).status());
    for (String wrong :
        List.of("", "Bearer", "Bearer ", "Bearer operator's tokem", "Basic operator's token")) {
      Refusal refusal = assertThrows(Refusal.class, () -> routes.scrape(remote(wrong)));
      assertEquals(ErrorCode.UNAUTHORIZED, refusal.code());
    }
    MetricsRoutes closed = new MetricsRoutes(metrics, PlainServer.config(Optional.empty(), 0));
    assertThrows(Refusal.class, () -> closed.scrape(remote("Bearer ")));
  }

  private static Request remote(String authorization) {
    return new Request(
        new Json(),
        new RequestContext("r", "203.0.113.7", () -> false),
        null,
        _ -> "",
        Map.of("Authorization", authorization)::get,
        new QueryParameters(
            Set.of(), _ -> null, new CursorKey(new Secret("secret")).of("/metrics", null)),
        new byte[0],
        MutableClock.START);
  }

  @Test
  void FR_066_with_a_separate_port_the_main_port_has_no_metrics() throws Exception {
    MetricsRoutes routes = new MetricsRoutes(metrics, PlainServer.config(Optional.of(TOKEN), 9100));
    try (PlainServer server =
            new PlainServer(List.of(Route.plain("/metrics", routes::scrape)), metrics);
        Api api = server.api();
        MetricsServer own = new MetricsServer(metrics, 0);
        HttpClient client = HttpClient.newHttpClient()) {
      assertEquals("NOT_FOUND", api.get("/metrics").expect(404).errorCode());
      URI uri = URI.create("http://127.0.0.1:" + own.port());
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(uri.resolve("/metrics")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertEquals(200, answer.statusCode());
      assertEquals(Metrics.TEXT, answer.headers().firstValue("Content-Type").orElseThrow());
      assertTrue(answer.body().contains("jvm_threads_live_threads"));
      assertThrows(IllegalStateException.class, () -> new MetricsServer(metrics, own.port()));
      HttpResponse<String> elsewhere =
          client.send(
              HttpRequest.newBuilder(uri.resolve("/api/v1/tasks")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertEquals(404, elsewhere.statusCode());
    }
  }

  private String text() {
    return metrics.scrape(Accept.parse(List.of())).text();
  }

  private void assertHas(String line) {
    String all = text();
    assertTrue(all.lines().anyMatch(l -> l.startsWith(line)), () -> line + " is not in\n" + all);
  }
}

package app.perpetua.flow.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.ProxyConfig;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.RawClient.Answer;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.connection.RequestBody;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Well-formed and malformed HTTP, sent over a raw socket. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerTest {
  private TestServer server;

  @BeforeAll
  void start() {
    server = new TestServer();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Answer request(String method, String path, String... headers) throws IOException {
    try (RawClient client = server.client()) {
      return client.request(method, path, headers);
    }
  }

  /**
   * Sends bytes and returns the answer, which must be an error object and the last on this
   * connection.
   */
  private Answer refused(int status, String code, String request) throws IOException {
    try (RawClient client = server.client()) {
      Answer answer = client.send(request).answer();
      assertErrorObject(status, code, answer);
      assertEquals("close", answer.header("Connection"));
      client.sendsNoMore();
      assertEquals("", client.rest(), "nothing of the rest was run");
      return answer;
    }
  }

  private static void assertErrorObject(int status, String code, Answer answer) {
    assertEquals(status, answer.status(), answer.body());
    assertEquals("application/json", answer.header("Content-Type"));
    assertTrue(answer.body().contains("\"code\":\"" + code + "\""), answer.body());
    assertTrue(
        answer.body().contains("\"request_id\":\"" + answer.header("X-Request-ID") + "\""),
        answer.body());
    assertEquals("nosniff", answer.header("X-Content-Type-Options"));
    assertEquals("no-store", answer.header("Cache-Control"));
    assertTrue(answer.header("Date").matches("\\w{3}, \\d{2} \\w{3} \\d{4} [\\d:]{8} GMT"));
    assertFalse(answer.body().toLowerCase(Locale.ROOT).contains("helidon"));
  }

  // Routing

  @Test
  void literal_paths_take_precedence_over_templates() throws Exception {
    assertEquals(
        "POST /api/v1/tasks/recover - 0",
        request("POST", "/api/v1/tasks/recover", "Content-Length: 0").body());
    assertEquals("GET /api/v1/tasks/{id} 7 0", request("GET", "/api/v1/tasks/7").body());
    assertEquals("GET /api/v1/tasks - 0", request("GET", "/api/v1/tasks?limit=3&q=a%20b").body());
  }

  @Test
  void a_wrong_method_on_a_known_path_is_405_with_Allow() throws Exception {
    Answer answer = request("DELETE", "/api/v1/tasks");
    assertErrorObject(405, "METHOD_NOT_ALLOWED", answer);
    assertEquals("GET, HEAD, POST, OPTIONS", answer.header("Allow"));
    assertErrorObject(405, "METHOD_NOT_ALLOWED", request("TRACE", "/api/v1/tasks"));
    assertErrorObject(405, "METHOD_NOT_ALLOWED", request("BREW", "/api/v1/tasks"));
  }

  @Test
  void an_unknown_path_is_404_in_the_error_format() throws Exception {
    assertErrorObject(404, "NOT_FOUND", request("GET", "/nowhere"));
    assertErrorObject(404, "NOT_FOUND", request("POST", "/", "Content-Length: 0"));
    assertErrorObject(404, "NOT_FOUND", request("OPTIONS", "*"));
  }

  @Test
  void the_404_of_an_unknown_path_has_links_to_the_documentation() throws Exception {
    for (String path : List.of("/nowhere", "/", "/api/v1", "/openapi.json")) {
      Answer answer = request("GET", path, "Accept: */*");
      assertErrorObject(404, "NOT_FOUND", answer);
      assertTrue(
          answer
              .body()
              .contains(
                  "\"links\":{\"docs\":\"/api/v1/docs\",\"contract\":\"/api/v1/openapi.json\"}"),
          answer.body());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/, /api/v1/docs",
    "/docs, /api/v1/docs",
    "/api/v1, /api/v1/docs",
    "/api/v1/, /api/v1/docs",
    "/api/v1/docs/, /api/v1/docs",
    "/openapi.json, /api/v1/openapi.json",
    "/openapi.yaml, /api/v1/openapi.yaml"
  })
  void a_browser_is_redirected_to_the_documentation(String path, String target) throws Exception {
    String accept = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (String method : List.of("GET", "HEAD")) {
      Answer answer = request(method, path + "?a=b", accept, "Origin: " + TestServer.ORIGIN);
      assertEquals(302, answer.status());
      String location = answer.header("Location");
      assertFalse(location.startsWith("/"), location);
      assertEquals(target, URI.create(path).resolve(location).toString());
      assertEquals("/prefix" + target, URI.create("/prefix" + path).resolve(location).toString());
      assertEquals("Origin, Accept", answer.header("Vary"));
    }
    assertErrorObject(404, "NOT_FOUND", request("POST", path, accept, "Content-Length: 0"));
    assertErrorObject(404, "NOT_FOUND", request("GET", path, "Accept: application/json"));
    assertErrorObject(404, "NOT_FOUND", request("GET", path));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/tasks/",
        "//api/v1/tasks",
        "/api//v1/tasks",
        "/api/v1/./tasks",
        "/api/v1/x/../tasks",
        "/api/v1/tasks/..%2f",
        "/api/v1/tasks/%2e%2e/tasks",
        "/api/v1%2ftasks",
        "/api/v1/t%61sks",
        "/api/v1/tasks;a=b",
        "/api/v1/tasks/%00",
        "/API/v1/tasks"
      })
  void a_path_matches_only_in_its_published_form(String path) throws Exception {
    assertErrorObject(404, "NOT_FOUND", request("GET", path));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/tasks/%zz",
        "/api/v1/tasks/%",
        "/api/v1/tasks/%ff%fe",
        "/api/v1/tasks/%ed%a0%80",
        "/a\\b",
        "/a|b"
      })
  void a_malformed_path_is_400(String path) throws Exception {
    refused(400, "VALIDATION_ERROR", RawClient.head("GET", path));
  }

  @Test
  void HEAD_returns_the_headers_of_GET_without_the_body() throws Exception {
    try (RawClient client = server.client()) {
      Answer get = client.request("GET", "/api/v1/tasks");
      Answer head = client.request("HEAD", "/api/v1/tasks");
      assertEquals(200, head.status());
      assertEquals(get.header("Content-Length"), head.header("Content-Length"));
      Answer stream = client.request("HEAD", "/stream");
      assertEquals("chunked", stream.header("Transfer-Encoding"));
      assertEquals(404, client.request("HEAD", "/nowhere").status());
      assertEquals(
          "GET /api/v1/tasks - 0",
          client.request("GET", "/api/v1/tasks").body(),
          "the connection is still in step");
      assertEquals("x".repeat(30), client.request("GET", "/stream").body());
    }
  }

  @Test
  void FR_069b_a_deprecated_route_announces_its_sunset() throws Exception {
    Answer answer = request("GET", "/api/v1/old");
    assertEquals("@1767225600", answer.header("Deprecation"));
    assertEquals("Wed, 01 Apr 2026 12:30:00 GMT", answer.header("Sunset"));
    assertEquals("<https://docs.example/migrate>; rel=\"deprecation\"", answer.header("Link"));
    assertEquals("(none)", request("GET", "/api/v1/tasks").header("Deprecation"));
  }

  // Headers of every answer

  @Test
  void a_well_formed_request_id_is_kept() throws Exception {
    String longest = "a.B_9-".repeat(21) + "xx";
    assertEquals(
        longest,
        request("GET", "/api/v1/tasks", "X-Request-ID: " + longest).header("X-Request-ID"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a/b", "\u00e4", "a,b", "<script>", "a\tb"})
  void any_other_request_id_is_replaced(String id) throws Exception {
    String answered = request("GET", "/api/v1/tasks", "X-Request-ID: " + id).header("X-Request-ID");
    assertEquals(7, UUID.fromString(answered).version());
  }

  @Test
  void a_request_id_of_129_characters_or_two_of_them_are_replaced() throws Exception {
    String tooLong = "a".repeat(129);
    assertNotEquals(
        tooLong, request("GET", "/nowhere", "X-Request-ID: " + tooLong).header("X-Request-ID"));
    String answered =
        request("GET", "/nowhere", "X-Request-ID: one", "X-Request-ID: two").header("X-Request-ID");
    assertEquals(7, UUID.fromString(answered).version());
  }

  @Test
  void every_answer_has_security_headers_and_a_handler_may_set_its_own_caching() throws Exception {
    Answer plain = request("GET", "/api/v1/tasks", "X-Forwarded-Proto: https");
    assertEquals("nosniff", plain.header("X-Content-Type-Options"));
    assertEquals("no-store", plain.header("Cache-Control"));
    assertEquals("(none)", plain.header("Strict-Transport-Security"));
    assertEquals("public, max-age=60", request("GET", "/cached").header("Cache-Control"));
  }

  @Test
  void an_unexpected_exception_is_500_without_details() throws Exception {
    Answer answer = request("GET", "/broken");
    assertErrorObject(500, "INTERNAL_ERROR", answer);
    assertFalse(answer.body().contains("secret"));
    assertEquals("no-store", answer.header("Cache-Control"));
  }

  // CORS

  @Test
  void a_preflight_from_an_allowed_origin_needs_no_token() throws Exception {
    Answer answer =
        request(
            "OPTIONS",
            "/api/v1/tasks",
            "Origin: " + TestServer.ORIGIN,
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: authorization, idempotency-key");
    assertEquals(204, answer.status());
    assertEquals(TestServer.ORIGIN, answer.header("Access-Control-Allow-Origin"));
    assertEquals("GET, HEAD, POST, OPTIONS", answer.header("Access-Control-Allow-Methods"));
    assertTrue(answer.header("Access-Control-Allow-Headers").contains("Idempotency-Key"));
    assertEquals("7200", answer.header("Access-Control-Max-Age"));
    assertEquals("Origin", answer.header("Vary"));
  }

  @Test
  void a_preflight_for_an_unknown_path_lets_the_page_read_the_404() throws Exception {
    String method = "Access-Control-Request-Method: PUT";
    Answer answer = request("OPTIONS", "/nowhere", "Origin: " + TestServer.ORIGIN, method);
    assertEquals(204, answer.status());
    assertEquals(TestServer.ORIGIN, answer.header("Access-Control-Allow-Origin"));
    assertTrue(answer.header("Access-Control-Allow-Methods").contains("PUT"));
    assertTrue(answer.header("Access-Control-Allow-Headers").contains("Authorization"));
    Answer foreign = request("OPTIONS", "/nowhere", "Origin: https://evil.example", method);
    assertEquals(204, foreign.status());
    assertEquals("(none)", foreign.header("Access-Control-Allow-Origin"));
    assertEquals("(none)", foreign.header("Access-Control-Allow-Methods"));
    assertErrorObject(404, "NOT_FOUND", request("OPTIONS", "/nowhere"));
  }

  @Test
  void an_allowed_origin_may_read_answers_and_their_headers() throws Exception {
    Answer answer = request("GET", "/nowhere", "Origin: " + TestServer.ORIGIN);
    assertErrorObject(404, "NOT_FOUND", answer);
    assertEquals(TestServer.ORIGIN, answer.header("Access-Control-Allow-Origin"));
    assertTrue(answer.header("Access-Control-Expose-Headers").contains("X-Idempotent-Replayed"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://evil.example", "null", "https://app.example.evil", ""})
  void a_foreign_origin_gets_no_CORS_headers(String origin) throws Exception {
    Answer get = request("GET", "/api/v1/tasks", "Origin: " + origin);
    assertEquals("GET /api/v1/tasks - 0", get.body());
    assertEquals("(none)", get.header("Access-Control-Allow-Origin"));
    assertEquals("Origin", get.header("Vary"));
    Answer preflight =
        request(
            "OPTIONS", "/api/v1/tasks", "Origin: " + origin, "Access-Control-Request-Method: POST");
    assertEquals(204, preflight.status());
    assertEquals("(none)", preflight.header("Access-Control-Allow-Methods"));
  }

  // Bodies

  @Test
  void a_body_is_read_completely_with_a_length_or_in_chunks() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.head("POST", "/api/v1/tasks", "Content-Length: 5") + "hello");
      assertEquals("POST /api/v1/tasks - 5", client.answer().body());
      client.send(
          RawClient.head("POST", "/api/v1/tasks", "Transfer-Encoding: chunked")
              + "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n");
      assertEquals("POST /api/v1/tasks - 13", client.answer().body());
      client.send(
          RawClient.head("POST", "/api/v1/tasks", "Content-Length: " + RequestBody.MAX_BYTES)
              + "x".repeat(RequestBody.MAX_BYTES));
      assertEquals("POST /api/v1/tasks - 262144", client.answer().body());
      assertEquals(
          "POST /api/v1/tasks - 0",
          client.request("POST", "/api/v1/tasks", "Content-Length: 0").body());
    }
  }

  @Test
  void expect_100_continue_is_answered_before_the_body() throws Exception {
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head("POST", "/api/v1/tasks", "Content-Length: 5", "Expect: 100-continue"));
      assertEquals(100, client.answer().status());
      assertEquals("POST /api/v1/tasks - 5", client.send("hello").answer().body());
      assertEquals(200, client.request("GET", "/api/v1/tasks").status());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {RequestBody.MAX_BYTES + 1, 1_000_000})
  void FR_058_a_body_over_256_KiB_is_413_by_its_length(int length) throws Exception {
    refused(
        413,
        "PAYLOAD_TOO_LARGE",
        RawClient.head("POST", "/api/v1/tasks", "Content-Length: " + length) + "x".repeat(length));
  }

  @Test
  void a_too_large_content_length_is_413_before_the_body_is_read() throws Exception {
    refused(
        413,
        "PAYLOAD_TOO_LARGE",
        RawClient.head(
            "POST", "/api/v1/tasks", "Content-Length: 99999999", "Expect: 100-continue"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 100_000, 600_000})
  void a_chunked_body_over_256_KiB_is_413_and_its_rest_is_not_parsed_as_a_request(int size)
      throws Exception {
    String chunk = Integer.toHexString(size) + "\r\n" + "x".repeat(size) + "\r\n";
    String smuggled = RawClient.head("GET", "/api/v1/tasks/smuggled");
    server.handled.clear();
    refused(
        413,
        "PAYLOAD_TOO_LARGE",
        RawClient.head("POST", "/api/v1/tasks", "Transfer-Encoding: chunked")
            + chunk.repeat(RequestBody.MAX_BYTES / size + 1)
            + smuggled
            + smuggled);
    assertTrue(server.handled.isEmpty());
  }

  @Test
  void a_client_that_is_still_sending_can_read_the_error() throws Exception {
    String body = "x".repeat(900_000);
    try (RawClient client = server.client()) {
      client.send(RawClient.head("POST", "/api/v1/tasks", "Content-Length: 900000") + body);
      assertErrorObject(413, "PAYLOAD_TOO_LARGE", client.answer());
      client.sendsNoMore();
      assertEquals("", client.rest(), "closed in order, not reset");
    }
  }

  @Test
  void a_short_unread_body_is_skipped_and_the_connection_stays_open() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.head("POST", "/unread", "Content-Length: 5") + "hello");
      assertEquals(401, client.answer().status());
      assertEquals(200, client.request("GET", "/api/v1/tasks").status());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Transfer-Encoding: chunked", "Content-Length: 500000", "Expect: 100-continue"})
  void an_unread_body_that_may_be_long_closes_the_connection(String header) throws Exception {
    String length = header.startsWith("Expect") ? "Content-Length: 5" : "X-Other: 1";
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head("POST", "/unread", header, length)
              + RawClient.head("GET", "/api/v1/tasks/smuggled"));
      Answer answer = client.answer();
      assertEquals(401, answer.status());
      assertEquals("close", answer.header("Connection"));
      client.sendsNoMore();
      assertEquals("", client.rest());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zz\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
        "3\nabc\n0\n\n"
      })
  void malformed_chunks_are_400(String chunks) throws Exception {
    refused(
        400,
        "VALIDATION_ERROR",
        RawClient.head("POST", "/api/v1/tasks", "Transfer-Encoding: chunked") + chunks);
  }

  // Framing

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 6",
        "Content-Length: -1",
        "Content-Length: +5",
        "Content-Length: 0x5",
        "Content-Length: 99999999999999999999",
        "Content-Length: ",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: ",
        "Transfer-Encoding : chunked",
        "Content-Length : 5",
        " Content-Length: 5",
        "X: a\r\n Transfer-Encoding: chunked",
        "Host: elsewhere",
        "X-Bad\0Name: 1",
        "X-Bad: a\0b",
        "X-Bad: a\nX-Worse: b",
        "X-Bad: a\rX-Worse: b",
        "no colon"
      })
  void contradictory_or_malformed_headers_are_400_and_close_the_connection(String headers)
      throws Exception {
    server.handled.clear();
    refused(
        400,
        "VALIDATION_ERROR",
        RawClient.head("POST", "/api/v1/tasks", headers)
            + "0\r\n\r\n"
            + RawClient.head("GET", "/api/v1/tasks/smuggled"));
    assertTrue(server.handled.isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\n"
      })
  void malformed_requests_and_other_protocols_are_400(String garbage) throws Exception {
    refused(400, "VALIDATION_ERROR", garbage);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /api/v1/tasks HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
      })
  void other_versions_of_HTTP_are_505_in_the_error_format(String request) throws Exception {
    refused(505, "VALIDATION_ERROR", request);
  }

  @Test
  void an_unknown_transfer_coding_is_501_in_the_error_format() throws Exception {
    refused(
        501,
        "VALIDATION_ERROR",
        RawClient.head("POST", "/api/v1/tasks", "Transfer-Encoding: gzip, chunked"));
  }

  @Test
  void headers_over_16_KiB_are_431() throws Exception {
    refused(
        431,
        "HEADERS_TOO_LARGE",
        RawClient.head("GET", "/api/v1/tasks", "X-Big: " + "x".repeat(20_000)));
    refused(
        431,
        "HEADERS_TOO_LARGE",
        RawClient.head("GET", "/api/v1/tasks", "X-Many: 0123456789\r\n".repeat(2_000) + "X: 1"));
    refused(
        431,
        "HEADERS_TOO_LARGE",
        RawClient.head("GET", "/api/v1/tasks", "X" + "x".repeat(20_000) + ": 1"));
  }

  @Test
  void a_request_line_over_8_KiB_is_414() throws Exception {
    refused(414, "VALIDATION_ERROR", RawClient.head("GET", "/api/v1/tasks?q=" + "x".repeat(9_000)));
  }

  @Test
  void pipelined_requests_are_answered_in_order() throws Exception {
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head("POST", "/api/v1/tasks", "Content-Length: 2")
              + "{}"
              + RawClient.head("GET", "/api/v1/tasks/7")
              + RawClient.head("GET", "/nowhere"));
      assertEquals("POST /api/v1/tasks - 2", client.answer().body());
      assertEquals("GET /api/v1/tasks/{id} 7 0", client.answer().body());
      assertEquals(404, client.answer().status());
    }
  }

  @Test
  void connection_close_closes_the_connection_after_the_answer() throws Exception {
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head("GET", "/api/v1/tasks", "Connection: close")
              + RawClient.head("GET", "/api/v1/tasks/late"));
      assertEquals(200, client.answer().status());
      assertEquals("", client.rest());
    }
  }

  @Test
  void stopping_waits_for_requests_in_flight_and_not_for_idle_clients() throws Exception {
    TestServer own = new TestServer();
    try (own;
        RawClient idle = own.client();
        RawClient silent = own.client();
        RawClient busy = own.client()) {
      idle.request("GET", "/api/v1/tasks");
      busy.send(RawClient.head("POST", "/blocking", "Content-Length: 2") + "ok");
      own.awaitBlockingRequest();
      Thread stopping = Thread.ofVirtual().start(own::close);
      assertEquals("", idle.rest());
      assertEquals("", silent.rest());
      assertTrue(stopping.isAlive(), "it waits for the request in flight");
      own.release.countDown();
      assertEquals("ok", busy.answer().body());
      assertTrue(stopping.join(Duration.ofSeconds(30)));
      assertEquals(0, own.interrupted.get());
    }
  }

  @Test
  void a_port_in_use_is_an_error_at_start() throws Exception {
    try (TestServer first = new TestServer()) {
      assertThrows(IllegalStateException.class, () -> new TestServer(first.port()));
    }
  }

  // The observer

  @Test
  void every_answer_is_reported_once() throws Exception {
    try (TestServer own = new TestServer();
        RawClient client = own.client()) {
      client.request("GET", "/api/v1/tasks/7", "X-Request-ID: client-id");
      CompletedRequest read = own.completed();
      assertEquals("client-id", read.context().requestId());
      assertEquals("127.0.0.1", read.context().client());
      assertEquals("/api/v1/tasks/{id}", read.context().route());
      assertEquals("GET 200", read.method() + " " + read.status());
      client.request("GET", "/nowhere");
      CompletedRequest missing = own.completed();
      assertNull(missing.context().route());
      assertEquals(ErrorCode.NOT_FOUND, missing.context().code());
      client.request("BREW", "/broken");
      assertEquals("OTHER", own.completed().method());
      client.request("GET", "/broken");
      assertEquals(ErrorCode.INTERNAL_ERROR, own.completed().context().code());
      client.send("garbage\r\n\r\n").answer();
      assertEquals(400, own.completed().status());
      assertTrue(own.noneCompleted());
    }
  }

  @Test
  void promise_22_forwarded_headers_are_used_from_a_trusted_proxy_only() throws Exception {
    try (TestServer own =
            new TestServer(TestServer.LONG_TIMEOUTS, List.of(Cidr.parse("127.0.0.0/8")));
        RawClient client = own.client()) {
      Answer answer =
          client.request(
              "GET",
              "/api/v1/tasks",
              "X-Forwarded-For: 6.6.6.6, 1.2.3.4",
              "X-Forwarded-Proto: https");
      assertEquals(
          "max-age=63072000; includeSubDomains", answer.header("Strict-Transport-Security"));
      assertEquals("1.2.3.4", own.completed().context().client());
    }
  }

  @Test
  void promise_22_a_header_with_a_single_address_names_the_client_in_the_log() throws Exception {
    try (TestServer own =
            new TestServer(new ProxyConfig(List.of(Cidr.parse("127.64.0.0/10")), "X-Real-IP"));
        RawClient edge = new RawClient(own.port(), "127.64.0.3");
        RawClient stranger = new RawClient(own.port(), "127.0.0.9")) {
      String[] headers = {"X-Forwarded-For: 1.2.3.4, 152.233.33.7", "x-real-ip: 1.2.3.4:50123"};
      edge.request("GET", "/api/v1/tasks", headers);
      assertEquals("1.2.3.4", own.completed().context().client());
      stranger.request("GET", "/api/v1/tasks", headers);
      assertEquals("127.0.0.9", own.completed().context().client());
      edge.request("GET", "/api/v1/tasks", "X-Real-IP: 1.2.3.4", "X-Real-IP: 1.2.3.4");
      assertEquals("127.64.0.3", own.completed().context().client());
    }
  }
}

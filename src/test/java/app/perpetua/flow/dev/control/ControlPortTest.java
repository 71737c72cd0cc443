package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.account.GoogleIdentity;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.provider.google.GoogleIdTokens;
import app.perpetua.flow.provider.google.GoogleKeys;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ControlPortTest {
  private static final String CLIENT_ID = "client-id";
  private static final String SIGNED_IN =
      """
      {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "user": {"id": "u"}}
      """;

  private record Answer(int status, JsonNode body, HttpResponse<String> http) {}

  private static final Json json = new Json();
  private static final HttpClient http = HttpClient.newHttpClient();
  private static final List<Instant> daysMade = new CopyOnWriteArrayList<>();
  private static final List<String> signIns = new CopyOnWriteArrayList<>();
  private static final List<InetAddress> peers = new CopyOnWriteArrayList<>();
  private static final RanJobs ranJobs = new RanJobs();
  private static volatile boolean jobsRun;
  private static volatile int serviceStatus;
  private static OffsetClock clock;
  private static FakeGoogle google;
  private static FakeCheckout checkout;
  private static HttpServer service;
  private static ControlPort control;

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    clock = OffsetClock.movable(directory.resolve("clock"));
    google = new FakeGoogle(clock);
    checkout = new FakeCheckout(clock);
    service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    service.createContext("/api/v1/auth/google/callback", ControlPortTest::signIn);
    service.start();
    control = controlling(URI.create("http://127.0.0.1:" + service.getAddress().getPort()));
  }

  private static ControlPort controlling(URI serviceAt) {
    Controls controls =
        new Controls(
            google,
            CLIENT_ID,
            new Sessions(serviceAt, json),
            new Shop(serviceAt, checkout, json),
            new ServiceClock(clock, daysMade::add, ranJobs::forget),
            ranJobs,
            () -> {
              ranJobs.add("cleanup done");
              return jobsRun;
            },
            new Random(7));
    return new ControlPort(0, controls.calls(), () -> Map.of("service", "here"), json);
  }

  @BeforeEach
  void forget() {
    clock.setOffset(Duration.ZERO);
    google.respondWith(FakeGoogle.Mode.WORKING);
    serviceStatus = 200;
    jobsRun = true;
    ranJobs.forget();
    daysMade.clear();
    signIns.clear();
    peers.clear();
  }

  @AfterAll
  static void stop() {
    control.close();
    service.stop(0);
    google.close();
    checkout.close();
    http.close();
  }

  /** A stub of the service's sign-in. */
  private static void signIn(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      signIns.add(json.parse(body).path("id_token").stringValue());
      peers.add(exchange.getRemoteAddress().getAddress());
      byte[] answer = SIGNED_IN.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(serviceStatus, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  private static Answer call(String method, String path, String body) throws Exception {
    return call(control, method, path, body);
  }

  private static Answer call(ControlPort at, String method, String path, String body)
      throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + at.address().getPort() + path))
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    return new Answer(answer.statusCode(), json.parse(answer.body()), answer);
  }

  private static GoogleIdentity verified(String idToken) {
    return new GoogleIdTokens(
            new GoogleKeys(http, google.jwksUrl(), clock, System::nanoTime),
            Set.of(CLIENT_ID),
            clock)
        .verify(idToken);
  }

  @Test
  void the_root_lists_all_calls() throws Exception {
    JsonNode listing = call("GET", "/", "").body();
    assertEquals("here", listing.path("service").stringValue());
    Set<String> calls = new HashSet<>();
    listing.path("calls").forEach(call -> calls.add(call.path("call").stringValue()));
    assertEquals(
        Set.of(
            "POST /session",
            "GET /clock",
            "POST /clock",
            "POST /jobs/run-due",
            "POST /google/id-token",
            "POST /google/rotate-keys",
            "POST /google/script"),
        calls);
  }

  @Test
  void invalid_calls_are_404_405_or_413() throws Exception {
    assertEquals(404, call("POST", "/jobs/run", "").status());
    Answer wrongMethod = call("DELETE", "/clock", "");
    assertEquals(405, wrongMethod.status());
    assertEquals("GET, POST", wrongMethod.http().headers().firstValue("Allow").orElse(""));
    assertEquals(413, call("POST", "/session", " ".repeat(70_000)).status());
  }

  @Test
  void unknown_parameters_are_400() throws Exception {
    Answer refused = call("POST", "/clock?reset=true", "{\"advance\": \"PT1H\"}");
    assertEquals(400, refused.status());
    assertEquals(
        "reset is not a parameter here; there are none",
        refused.body().path("error").path("message").stringValue());
    assertEquals(Duration.ZERO, clock.offset());
  }

  @Test
  void the_control_port_listens_on_loopback_only() {
    assertTrue(control.address().getAddress().isLoopbackAddress());
  }

  @Test
  void an_id_token_is_valid_by_default() throws Exception {
    Answer answer =
        call("POST", "/google/id-token", "{\"email\": \"ada@example.com\", \"name\": \"Ada L\"}");
    assertEquals(200, answer.status());
    GoogleIdentity ada = verified(answer.body().path("id_token").stringValue());
    assertEquals("ada@example.com", ada.email());
    assertEquals("Ada L", ada.name());
    assertEquals(Person.of("ada@example.com").subject(), ada.subject());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"expires_in\": -61}",
        "{\"aud\": \"someone else\"}",
        "{\"iss\": \"https://evil.example.com\"}",
        "{\"email_verified\": false}"
      })
  void an_id_token_can_be_invalid(String body) throws Exception {
    String token = call("POST", "/google/id-token", body).body().path("id_token").stringValue();
    assertThrows(Refusal.class, () -> verified(token));
  }

  @Test
  void Googles_keys_can_be_rotated_and_made_unavailable() throws Exception {
    String before = call("POST", "/google/id-token", "{}").body().path("id_token").stringValue();
    assertEquals(200, call("POST", "/google/rotate-keys", "").status());
    assertThrows(Refusal.class, () -> verified(before));
    String after = call("POST", "/google/id-token", "{}").body().path("id_token").stringValue();
    verified(after);
    assertEquals(200, call("POST", "/google/script", "{\"down\": true}").status());
    assertThrows(Refusal.class, () -> verified(after));
    assertEquals(200, call("POST", "/google/script", "{\"down\": false}").status());
    verified(after);
    assertEquals(400, call("POST", "/google/script", "").status());
  }

  @Test
  void a_session_is_the_services_answer_to_a_sign_in() throws Exception {
    Answer session = call("POST", "/session", "{\"email\": \"ada@example.com\"}");
    assertEquals(200, session.status());
    assertEquals(
        json.parse(
            """
            {"access_token": "a", "refresh_token": "r", "user": {"id": "u"}}
            """),
        session.body());
    assertEquals("ada@example.com", verified(signIns.getFirst()).email());
  }

  @Test
  void an_email_determines_the_account_and_without_one_it_is_new() throws Exception {
    call("POST", "/session", "{\"email\": \"ada@example.com\"}");
    call("POST", "/session", "{\"email\": \"ada@example.com\"}");
    call("POST", "/session", "");
    call("POST", "/session", "");
    List<String> subjects = signIns.stream().map(token -> verified(token).subject()).toList();
    assertEquals(subjects.get(0), subjects.get(1));
    assertEquals(3, Set.copyOf(subjects).size());
  }

  @Test
  void each_sign_in_uses_another_loopback_address() throws Exception {
    for (int i = 0; i < 30; i++) {
      assertEquals(200, call("POST", "/session", "").status());
    }
    assertEquals(30, Set.copyOf(peers).size());
    for (int index : new int[] {0, 1, 255, 65_536, 253 * 65_536 - 1, Integer.MAX_VALUE, -1}) {
      assertTrue(Sessions.address(index).isLoopbackAddress());
      assertNotEquals(InetAddress.getLoopbackAddress(), Sessions.address(index));
    }
  }

  @Test
  void Pro_and_credits_of_a_session_are_bought_from_the_service() throws Exception {
    // The stub has no payment endpoints.
    assertEquals(503, call("POST", "/session", "{\"tier\": \"pro\"}").status());
    assertEquals(503, call("POST", "/session", "{\"credits\": {\"purchased\": 5}}").status());
    assertEquals(2, signIns.size());
    assertEquals(400, call("POST", "/session", "{\"tier\": \"gold\"}").status());
    assertEquals(400, call("POST", "/session", "{\"credits\": {\"purchased\": 501}}").status());
    assertEquals(200, call("POST", "/session", "{\"tier\": \"free\"}").status());
    assertEquals(200, call("POST", "/session", "{\"credits\": {}}").status());
    assertEquals(4, signIns.size());
  }

  @Test
  void an_error_of_the_service_is_passed_on() throws Exception {
    serviceStatus = 429;
    Answer refused = call("POST", "/session", "");
    assertEquals(502, refused.status());
    assertEquals(
        "the service answered 429", refused.body().path("error").path("message").stringValue());
  }

  @Test
  void an_unreachable_service_is_503() throws Exception {
    URI nowhere = URI.create("http://127.0.0.1:" + FreePort.find());
    try (ControlPort alone = controlling(nowhere)) {
      assertEquals(503, call(alone, "POST", "/session", "").status());
    }
  }

  @Test
  void only_pages_of_the_service_create_sessions_and_read_them() throws Exception {
    String page = "http://localhost:8000";
    try (ControlPort port =
        controlling(URI.create("http://127.0.0.1:" + service.getAddress().getPort()))) {
      port.allow(page, "/session");
      String created = from(port, page, "/session");
      assertTrue(created.startsWith("HTTP/1.1 200 "), created);
      assertTrue(created.contains("Access-control-allow-origin: " + page + "\r\n"), created);
      String elsewhere = from(port, page, "/clock");
      assertTrue(elsewhere.startsWith("HTTP/1.1 403 "), elsewhere);
      for (String foreign : List.of("http://localhost:8001", "https://localhost:8000", "null")) {
        String refused = from(port, foreign, "/session");
        assertTrue(refused.startsWith("HTTP/1.1 403 "), refused);
        assertFalse(refused.contains("Access-control-allow-origin"), refused);
      }
    }
  }

  /** By a socket, because Java's client sends no Origin. */
  private static String from(ControlPort at, String origin, String path) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), at.address().getPort())) {
      socket
          .getOutputStream()
          .write(
              "POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                  .formatted(path, origin)
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void the_clock_advances_from_its_current_time() throws Exception {
    call("POST", "/clock", "{\"advance\": \"PT24H\"}");
    JsonNode moved = call("POST", "/clock", "{\"advance\": \"PT-1H\"}").body();
    assertEquals(Duration.ofHours(23), clock.offset());
    assertEquals(Duration.ofHours(23).toMillis(), moved.path("offset_ms").longValue());
    assertEquals(moved.path("offset_ms"), call("GET", "/clock", "").body().path("offset_ms"));
  }

  @Test
  void jobs_are_listed_until_the_clock_moves() throws Exception {
    call("POST", "/jobs/run-due", "");
    JsonNode twice = call("POST", "/jobs/run-due", "").body();
    assertEquals(
        json.parse(
            """
            {"ran": [{"kind": "cleanup", "outcome": "done"}, {"kind": "cleanup", "outcome": "done"}]}
            """),
        twice);
    call("POST", "/clock", "{\"advance\": \"PT1H\"}");
    assertEquals(1, call("POST", "/jobs/run-due", "").body().path("ran").size());
    jobsRun = false;
    assertEquals(503, call("POST", "/jobs/run-due", "").status());
  }

  @Test
  void the_clock_can_be_set_and_continues_from_there() throws Exception {
    Instant target = Instant.parse("2026-03-01T23:59:59Z");
    JsonNode set = call("POST", "/clock", "{\"set\": \"" + target + "\"}").body();
    Instant shown = Instant.parse(set.path("now").stringValue());
    assertFalse(shown.isBefore(target.minusMillis(1)));
    assertTrue(shown.isBefore(target.plusSeconds(5)));
    assertEquals(1, daysMade.size());
    assertFalse(daysMade.getFirst().isBefore(target.minusMillis(1)));
    assertTrue(daysMade.getFirst().isBefore(target.plusSeconds(5)));
    call("POST", "/clock", "{\"reset\": true}");
    assertEquals(Duration.ZERO, clock.offset());
    assertFalse(daysMade.getLast().isAfter(Clock.systemUTC().instant()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                      | give exactly one of advance, set and reset
          {"advance": "PT1H", "reset": true}      | give exactly one of advance, set and reset
          {"reset": false}                        | reset must be true
          {"set": null}                           | set must not be null
          {"set": "tomorrow"}                     | set must be an instant of RFC 3339 in the years 0001 to 9999, such as 2026-01-19T10:30:00.000Z or 2026-01-19T11:30:00+01:00
          {"advance": "1 day"}                    | advance must be a duration such as PT24H
          {"advance": "PT2562047788015215H"}      | advance must be a duration such as PT24H
          {"advance": "P40000D"}                  | advance must lead to a time from 2000 to 2099
          {"set": "1999-12-31T23:59:59Z"}         | set must lead to a time from 2000 to 2099
          {"forward": "PT1H"}                     | forward is not a known field
          """)
  void invalid_clock_values_change_nothing(String body, String message) throws Exception {
    Answer refused = call("POST", "/clock", body);
    assertEquals(400, refused.status());
    assertEquals(message, refused.body().path("error").path("message").stringValue());
    assertEquals(Duration.ZERO, clock.offset());
    assertEquals(List.of(), daysMade);
  }
}

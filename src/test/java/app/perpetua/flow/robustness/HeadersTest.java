package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Headers of responses, and the rate limits that they report. */
class HeadersTest {
  private static final int GENERAL = 5;
  private static final int AUTH = 3;
  private static final String ME = "/api/v1/users/me";
  private static final String LOGOUT = "/api/v1/auth/logout";
  private static final String ORIGIN = "https://app.example";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  /** A service behind a trusted proxy on this machine. */
  @Order(2)
  @RegisterExtension
  static final TestService proxied =
      new TestService(database)
          .with("RATE_LIMIT_GENERAL", Integer.toString(GENERAL))
          .with("RATE_LIMIT_AUTH", Integer.toString(AUTH))
          .with("TRUSTED_PROXIES", "127.0.0.0/8")
          .with("CORS_ORIGINS", ORIGIN);

  /** A service without a proxy. */
  @Order(3)
  @RegisterExtension
  static final TestService direct =
      new TestService(database).with("RATE_LIMIT_AUTH", Integer.toString(AUTH));

  /** Responses with the statuses 200, 201, 204, 400, 401, 404, 405, 415, 422 and 429. */
  private static List<Api.Answer> everyKind() {
    List<Api.Answer> answers = new ArrayList<>();
    Api api = user().with("Origin", ORIGIN);
    Api invalid = api.invalidOnPurpose();
    UUID key = UUID.randomUUID();
    answers.add(api.get(ME).expect(200));
    answers.add(api.withKey(key).post("/api/v1/tasks", Map.of("title", "a")).expect(201));
    answers.add(api.withKey(key).post("/api/v1/tasks", Map.of("title", "b")).expect(422));
    answers.add(invalid.withoutKey().post("/api/v1/tasks", Map.of("title", "a")).expect(400));
    answers.add(invalid.with("Content-Type", "text/plain").post("/api/v1/tasks", "a").expect(415));
    answers.add(api.get(ME).expect(429));
    Api other = user().with("Origin", ORIGIN);
    answers.add(other.get("/api/v1/tasks/" + UUID.randomUUID()).expect(404));
    answers.add(other.patch(ME, Map.of("name", "Ada")).expect(200));
    answers.add(from("203.0.113.9").post(LOGOUT, Map.of("refresh_token", "x")).expect(204));
    Api unknown = from(randomAddress()).invalidOnPurpose().with("Origin", ORIGIN);
    answers.add(unknown.as("x").get(ME).expect(401));
    answers.add(unknown.get("/nowhere").expect(404));
    answers.add(unknown.delete("/api/v1/tasks").expect(405));
    answers.add(proxied.api().with("Origin", ORIGIN).get("/health/live").expect(200));
    return answers;
  }

  @Test
  void every_answer_has_a_request_id_and_forbids_sniffing_and_unchecked_caching() {
    List<String> ids = new ArrayList<>();
    for (Api.Answer answer : everyKind()) {
      String id = header(answer, "X-Request-ID");
      assertTrue(id.matches("[A-Za-z0-9._-]{1,128}"), answer.toString());
      ids.add(id);
      if (answer.status() >= 400) {
        assertEquals(id, answer.json().at("/error/request_id").stringValue());
      }
      assertEquals("nosniff", header(answer, "X-Content-Type-Options"), answer.toString());
      boolean conditional = answer.toString().startsWith("200 to GET " + ME);
      assertEquals(
          conditional ? "private, no-cache" : "no-store",
          header(answer, "Cache-Control"),
          answer.toString());
    }
    assertEquals(ids.size(), ids.stream().distinct().count(), "request ids are unique");
    assertEquals(
        "client-id",
        header(
            from(randomAddress())
                .invalidOnPurpose()
                .with("X-Request-ID", "client-id")
                .get("/nowhere"),
            "X-Request-ID"));
  }

  @Test
  void a_request_id_of_the_client_is_in_the_activity_log() {
    Api api = user();
    String task = api.with("X-Request-ID", "my-request.1").createTask("a");
    assertEquals(
        "my-request.1",
        database
            .row("select request_id from activity.activity_logs where entity_id = ?::uuid", task)
            .get("request_id"));
  }

  @Test
  void only_an_allowed_origin_may_read_answers() {
    for (Api.Answer answer : everyKind()) {
      if (answer.status() == 204) {
        continue;
      }
      assertEquals(ORIGIN, header(answer, "Access-Control-Allow-Origin"), answer.toString());
      for (String name : List.of("X-Request-ID", "X-RateLimit-Remaining", "Retry-After")) {
        assertTrue(header(answer, "Access-Control-Expose-Headers").contains(name), name);
      }
    }
    Api.Answer foreign = user().with("Origin", "https://evil.example").get(ME).expect(200);
    assertEquals("", header(foreign, "Access-Control-Allow-Origin"));
    assertEquals("Origin", header(foreign, "Vary"));
    Api.Answer preflight =
        proxied
            .api()
            .with("Origin", ORIGIN)
            .with("Access-Control-Request-Method", "PATCH")
            .with("Access-Control-Request-Headers", "authorization,idempotency-key")
            .send("OPTIONS", ME, null)
            .expect(204);
    assertTrue(header(preflight, "Access-Control-Allow-Methods").contains("PATCH"));
    assertTrue(header(preflight, "Access-Control-Allow-Headers").contains("Idempotency-Key"));
    assertEquals("", header(preflight, "X-RateLimit-Limit"), "a preflight is not counted");
  }

  @Test
  void an_unknown_path_counts_towards_the_rate_limit_also_if_it_redirects() {
    Api client = from(randomAddress()).invalidOnPurpose();
    Api browser = client.with("Accept", "text/html");
    for (int left = GENERAL - 1; left >= 0; left--) {
      Api.Answer answer =
          left % 2 == 0 ? browser.get("/").expect(302) : client.get("/").expect(404);
      assertEquals(Integer.toString(left), header(answer, "X-RateLimit-Remaining"));
    }
    browser.get("/").expect(429);
  }

  @Test
  void HSTS_is_sent_only_over_TLS() {
    Api secure = proxied.api().with("X-Forwarded-Proto", "https");
    assertTrue(header(secure.get("/health/live"), "Strict-Transport-Security").contains("max-age"));
    Api.Answer forged = direct.api().with("X-Forwarded-Proto", "https").get("/health/live");
    assertEquals("", header(forged, "Strict-Transport-Security"));
  }

  @Test
  void FR_061_counted_answers_have_rate_limit_headers_and_429_has_Retry_After() {
    Api api = user();
    int remaining = GENERAL;
    for (Api.Answer answer :
        List.of(
            api.get(ME).expect(200),
            api.get("/api/v1/tasks/" + UUID.randomUUID()).expect(404),
            api.invalidOnPurpose().get("/api/v1/tasks/x").expect(400),
            api.invalidOnPurpose().withoutKey().post("/api/v1/tasks").expect(400),
            api.invalidOnPurpose()
                .with("Content-Type", "text/plain")
                .post("/api/v1/tasks", "x")
                .expect(415))) {
      remaining--;
      assertEquals(Integer.toString(GENERAL), header(answer, "X-RateLimit-Limit"));
      assertEquals(Integer.toString(remaining), header(answer, "X-RateLimit-Remaining"));
      resetsWithinAMinute(answer);
      assertEquals("", header(answer, "Retry-After"));
    }
    Api.Answer refused = api.get(ME).expect(429, "RATE_LIMIT_EXCEEDED");
    assertEquals(Integer.toString(GENERAL), header(refused, "X-RateLimit-Limit"));
    assertEquals("0", header(refused, "X-RateLimit-Remaining"));
    resetsWithinAMinute(refused);
    int retry = Integer.parseInt(header(refused, "Retry-After"));
    assertTrue(retry >= 1 && retry <= 60, refused.toString());
    assertEquals(retry, refused.json().at("/error/retry_after").intValue());
    user().get(ME).expect(200);
  }

  private static void resetsWithinAMinute(Api.Answer answer) {
    long reset = Long.parseLong(header(answer, "X-RateLimit-Reset"));
    long now = proxied.clock().instant().getEpochSecond();
    assertTrue(reset >= now && reset <= now + 61, Instant.ofEpochSecond(reset) + " for " + answer);
  }

  @Test
  void FR_061_requests_that_fail_to_authenticate_count_for_their_address() {
    String address = randomAddress();
    Api known = signIn().api().with("X-Forwarded-For", address);
    known.get(ME).expect(200);
    TestService.Session unverified = signIn();
    List<Api> failing =
        List.of(
            from(address).as("x"),
            from(address),
            from(address).with("Authorization", "Basic eDp5"),
            from(address).as(forged(unverified)),
            from(address).as("a.b." + "c".repeat(5_000)));
    int remaining = GENERAL;
    for (Api api : failing) {
      remaining--;
      Api.Answer answer = api.invalidOnPurpose().get(ME).expect(401, "UNAUTHORIZED");
      assertEquals(Integer.toString(remaining), header(answer, "X-RateLimit-Remaining"));
    }
    for (Api api : failing) {
      limited(api.invalidOnPurpose().get(ME));
      limited(api.invalidOnPurpose().post("/api/v1/tasks", Map.of("title", "a")));
    }
    // A token that has not been verified is not verified now, though it is valid.
    Api other = unverified.api().with("X-Forwarded-For", address);
    limited(other.get(ME));
    known.get(ME).expect(200);
    unverified.api().with("X-Forwarded-For", randomAddress()).get(ME).expect(200);
    other.get(ME).expect(200);
  }

  private static String forged(TestService.Session session) {
    String token = session.accessToken();
    String signature = token.substring(token.lastIndexOf('.') + 1);
    return token.substring(0, token.lastIndexOf('.') + 1)
        + new StringBuilder(signature).reverse().append("AA").substring(0, signature.length());
  }

  @Test
  void FR_061_unknown_paths_and_methods_count_for_their_address() {
    Api api = from(randomAddress()).invalidOnPurpose();
    String[][] requests = {
      {"GET", "/nowhere", "404"},
      {"HEAD", "/api/v1/nowhere", "404"},
      {"POST", "/api/v1/nothing", "404"},
      {"DELETE", "/api/v1/tasks", "405"},
      {"PUT", "/health/live", "405"}
    };
    int remaining = GENERAL;
    for (String[] request : requests) {
      remaining--;
      Api.Answer answer =
          api.send(request[0], request[1], null).expect(Integer.parseInt(request[2]));
      assertEquals(Integer.toString(GENERAL), header(answer, "X-RateLimit-Limit"));
      assertEquals(Integer.toString(remaining), header(answer, "X-RateLimit-Remaining"));
    }
    for (String[] request : requests) {
      Api.Answer answer = api.send(request[0], request[1], null).expect(429);
      assertFalse(header(answer, "Retry-After").isEmpty(), answer.toString());
    }
    api.get("/health/live").expect(200);
    limited(api.get(ME));
  }

  @Test
  void FR_061_unknown_paths_and_methods_of_a_signed_in_user_count_for_the_user() {
    String address = randomAddress();
    Api user = user().with("X-Forwarded-For", address).invalidOnPurpose();
    for (int i = 0; i < GENERAL - 1; i++) {
      Api.Answer answer = user.get("/nowhere").expect(404);
      assertEquals(Integer.toString(GENERAL - 1 - i), header(answer, "X-RateLimit-Remaining"));
    }
    user.delete("/api/v1/tasks").expect(405);
    limited(user.get("/nowhere"));
    limited(user.get(ME));
    from(address).invalidOnPurpose().get("/nowhere").expect(404);
  }

  @Test
  void FR_061_requests_for_a_WebSocket_without_an_upgrade_are_counted() {
    Api api =
        from(randomAddress()).invalidOnPurpose().with("X-Upgrade-Refused", "forged by a client");
    for (int i = 0; i < GENERAL; i++) {
      Api.Answer answer = api.get("/api/v1/ws/voice/transcribe").expect(400);
      assertEquals(Integer.toString(GENERAL - 1 - i), header(answer, "X-RateLimit-Remaining"));
    }
    limited(api.get("/api/v1/ws/voice/transcribe"));
  }

  private static void limited(Api.Answer answer) {
    answer.expect(429, "RATE_LIMIT_EXCEEDED");
    assertFalse(header(answer, "Retry-After").isEmpty(), answer.toString());
    assertEquals("0", header(answer, "X-RateLimit-Remaining"), answer.toString());
  }

  @Test
  void FR_061_a_rate_limited_write_changes_nothing_and_does_not_use_its_key() {
    TestService.Session session = signIn();
    for (int i = 0; i < GENERAL; i++) {
      session.api().get(ME).expect(200);
    }
    UUID key = UUID.randomUUID();
    session.api().withKey(key).post("/api/v1/tasks", Map.of("title", "a")).expect(429);
    assertEquals(
        0,
        database.number(
            "select count(*) from tasks.task_instances where user_id = ?", session.userId()));
    assertEquals(
        0, database.number("select count(*) from ops.idempotency_keys where key = ?", key));
  }

  @Test
  void FR_061_health_metrics_contract_and_keys_are_not_limited() {
    for (String path :
        List.of(
            "/health/live",
            "/health/ready",
            "/metrics",
            "/api/v1/openapi.json",
            "/api/v1/.well-known/jwks.json")) {
      for (int i = 0; i < 2 * GENERAL; i++) {
        Api.Answer answer = proxied.api().get(path).expect(200);
        assertEquals("", header(answer, "X-RateLimit-Limit"), path);
      }
    }
  }

  @Test
  void FR_061_no_header_of_a_client_escapes_the_limit() {
    Api api = from("198.51.100.77").invalidOnPurpose().with("X-Upgrade-Refused", "x");
    String socket = "/api/v1/ws/voice/transcribe";
    for (int i = 0; i < GENERAL; i++) {
      assertEquals("VALIDATION_ERROR", api.get(socket).expect(400).errorCode());
    }
    api.get(socket).expect(429, "RATE_LIMIT_EXCEEDED");
  }

  @Test
  void promise_22_behind_a_trusted_proxy_each_client_has_its_own_limit() {
    String one = "198.51.100.1";
    exhaust(from(one));
    signOut(from("198.51.100.2")).expect(204);
    signOut(from("6.6.6.6, " + one)).expect(429, "RATE_LIMIT_EXCEEDED");
    signOut(from(one + ", 127.0.0.1")).expect(429, "RATE_LIMIT_EXCEEDED");
    exhaust(from("2001:db8:1:2:3::4"));
    signOut(from("2001:db8:1:2:ffff::1")).expect(429, "RATE_LIMIT_EXCEEDED");
    signOut(from("2001:db8:1:3::1")).expect(204);
  }

  @Test
  void promise_22_a_forwarded_address_from_an_untrusted_peer_is_ignored() {
    Api api = direct.api();
    int refused = 0;
    for (int i = 0; i < AUTH + 3; i++) {
      refused += signOut(api.with("X-Forwarded-For", "203.0.113." + i)).status() == 429 ? 1 : 0;
    }
    assertEquals(3, refused);
    Api.Answer own = signOut(api);
    assertNotEquals(204, own.status(), "the requests count for the peer");
  }

  private static void exhaust(Api client) {
    for (int i = 0; i < AUTH; i++) {
      signOut(client).expect(204);
    }
    Api.Answer refused = signOut(client).expect(429, "RATE_LIMIT_EXCEEDED");
    assertFalse(header(refused, "Retry-After").isEmpty());
  }

  private static Api.Answer signOut(Api client) {
    return client.post(LOGOUT, Map.of("refresh_token", "x"));
  }

  private static Api from(String forwardedFor) {
    return proxied.api().with("X-Forwarded-For", forwardedFor);
  }

  private static Api user() {
    return signIn().api();
  }

  /** Signs in from a random address, because sign-ins are limited per address. */
  private static TestService.Session signIn() {
    String idToken = proxied.google().idToken("google-" + UUID.randomUUID()).sign();
    Api.Answer answer =
        from(randomAddress())
            .post("/api/v1/auth/google/callback", Map.of("id_token", idToken))
            .expect(200);
    String token = answer.json().get("access_token").stringValue();
    return new TestService.Session(
        UUID.fromString(answer.json().at("/user/id").stringValue()),
        token,
        answer.json().get("refresh_token").stringValue(),
        proxied.api().as(token));
  }

  private static String randomAddress() {
    long network = UUID.randomUUID().getMostSignificantBits();
    return "2001:db8:%x:%x::1".formatted((network >>> 48) & 0xffff, (network >>> 32) & 0xffff);
  }

  private static String header(Api.Answer answer, String name) {
    return answer.header(name).orElse("");
  }
}

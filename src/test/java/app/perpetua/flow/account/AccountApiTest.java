package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sign-in, tokens and the user's account over HTTP; validates each response against the contract.
 */
class AccountApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final String SIGN_IN = "/api/v1/auth/google/callback";
  private static final String REFRESH = "/api/v1/auth/refresh";
  private static final String LOGOUT = "/api/v1/auth/logout";
  private static final String ME = "/api/v1/users/me";

  @Test
  void FR_001_signing_in_creates_an_account() {
    String subject = UUID.randomUUID().toString();
    JsonNode answer =
        service
            .api()
            .post(SIGN_IN, Map.of("id_token", service.google().idToken(subject).sign()))
            .expect(200)
            .json();
    assertEquals(900, answer.get("expires_in").intValue());
    assertEquals("Bearer", answer.get("token_type").stringValue());
    JsonNode me =
        service.api().as(answer.get("access_token").stringValue()).get(ME).expect(200).data();
    assertEquals(answer.get("user").get("id"), me.get("id"));
    assertEquals(subject, me.get("google_id").stringValue());
    assertEquals("free", me.get("tier").stringValue());
  }

  @Test
  void FR_004_an_invalid_id_token_is_401_and_text_that_is_not_a_jwt_is_400() {
    service
        .api()
        .post(
            SIGN_IN, Map.of("id_token", service.google().idToken("x").with("aud", "other").sign()))
        .expect(401, "UNAUTHORIZED");
    Api.Answer malformed =
        service.api().post(SIGN_IN, Map.of("id_token", "no jwt")).expect(400, "VALIDATION_ERROR");
    assertEquals(List.of("id_token"), faults(malformed));
    Api careless = service.api().invalidOnPurpose();
    assertEquals(
        List.of("id_token", "idtoken"),
        faults(careless.post(SIGN_IN, Map.of("idtoken", "x")).expect(400)));
    careless.post(SIGN_IN, Map.of("id_token", 7)).expect(400);
    careless.post(SIGN_IN, "[]").expect(400);
  }

  @Test
  void FR_003_a_refresh_rotates_the_token_and_a_repeat_gets_the_same_successor() {
    TestService.Session session = service.newUser();
    JsonNode second = refresh(session.refreshToken()).expect(200).json();
    assertNotEquals(session.refreshToken(), second.get("refresh_token").stringValue());
    assertEquals(
        second.get("refresh_token"),
        refresh(session.refreshToken()).expect(200).json().get("refresh_token"));
    service.api().as(second.get("access_token").stringValue()).get(ME).expect(200);
  }

  @Test
  void promise_9_the_revocation_of_a_stolen_token_commits_despite_the_401() {
    TestService.Session session = service.newUser();
    String second = refresh(session.refreshToken()).json().get("refresh_token").stringValue();
    service.clock().advance(Duration.ofSeconds(11));
    JsonNode error =
        refresh(session.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN").json().get("error");
    assertFalse(error.get("refresh_required").booleanValue());
    refresh(second).expect(401, "INVALID_REFRESH_TOKEN");
    assertEquals(
        2,
        database.number(
            "select count(*) from auth.refresh_tokens where user_id = ? and reason = 'theft'",
            session.userId()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "019ba722-4680-7c3e-9a51-2f6d8b0c4e17.x", "ä", "a.b.c"})
  void an_invalid_refresh_token_is_401_and_logging_it_out_204(String token) {
    refresh(token).expect(401, "INVALID_REFRESH_TOKEN");
    service.api().post(LOGOUT, Map.of("refresh_token", token)).expect(204);
  }

  @Test
  void logging_out_ends_the_session() {
    TestService.Session session = service.newUser();
    for (int i = 0; i < 2; i++) {
      service.api().post(LOGOUT, Map.of("refresh_token", session.refreshToken())).expect(204);
    }
    refresh(session.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    session.api().get(ME).expect(200);
  }

  @Test
  void FR_006_an_access_token_expires_after_fifteen_minutes() {
    TestService.Session session = service.newUser();
    service.clock().advance(Duration.ofMinutes(15));
    JsonNode error = session.api().get(ME).expect(401, "TOKEN_EXPIRED").json().get("error");
    assertTrue(error.get("refresh_required").booleanValue());
  }

  @Test
  void promise_10_all_invalid_tokens_get_the_same_answer() {
    TestService.Session session = service.newUser();
    String[] parts = session.accessToken().split("\\.", -1);
    String none =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
    Api guarded = service.api().with("X-Request-ID", "same");
    List<String> bodies = new ArrayList<>();
    bodies.add(guarded.invalidOnPurpose().get(ME).expect(401).text());
    for (String token :
        List.of(
            "x",
            session.refreshToken(),
            none + "." + parts[1] + ".",
            parts[0] + "." + parts[1] + ".AAAA",
            service.google().idToken("x").sign(),
            session.accessToken() + "x")) {
      bodies.add(guarded.as(token).get(ME).expect(401, "UNAUTHORIZED").text());
    }
    assertEquals(1, bodies.stream().distinct().count(), bodies.toString());
  }

  @Test
  void the_published_keys_verify_an_access_token() throws Exception {
    Api.Answer answer = service.api().get("/api/v1/.well-known/jwks.json").expect(200);
    assertEquals("public, max-age=3600", answer.header("Cache-Control").orElse(""));
    SignedJWT token = SignedJWT.parse(service.newUser().accessToken());
    RSAKey key = (RSAKey) JWKSet.parse(answer.text()).getKeyByKeyId(token.getHeader().getKeyID());
    assertTrue(token.verify(new RSASSAVerifier(key)));
  }

  @Test
  void FR_070_the_user_can_change_name_and_time_zone() {
    Api api = service.newUser().api();
    JsonNode changed =
        api.patch(ME, Map.of("name", " Gräfin 👩‍🚀 ", "timezone", "America/Argentina/Ushuaia"))
            .expect(200)
            .data();
    assertEquals("Gräfin 👩‍🚀", changed.get("name").stringValue());
    assertEquals(changed, api.get(ME).expect(200).data());
    assertEquals(changed, api.patch(ME, Map.of()).expect(200).data());
    assertEquals(
        List.of("name", "tier", "timezone"),
        faults(
            api.invalidOnPurpose()
                .patch(ME, Map.of("name", "", "timezone", "+02:00", "tier", "pro"))
                .expect(400)));
    for (String zone : List.of("Europe/Atlantis", "europe/berlin", "UTC+2", "Z", "GMT+1", "x")) {
      assertEquals(
          List.of("timezone"), faults(api.patch(ME, Map.of("timezone", zone)).expect(400)));
    }
    for (String field : List.of("name", "timezone")) {
      api.invalidOnPurpose().patch(ME, Collections.singletonMap(field, null)).expect(400);
    }
    api.invalidOnPurpose().patch(ME, Map.of("name", "x".repeat(101))).expect(400);
  }

  @Test
  void deleting_an_account_removes_its_tokens_and_idempotency_keys() {
    TestService.Session session = service.newUser();
    String email = session.api().get(ME).data().get("email").stringValue();
    Api keyed = session.api().withKey(UUID.randomUUID());
    assertEquals(
        List.of("confirm"),
        faults(keyed.delete(ME, Map.of("confirm", "someone@example.com")).expect(400)));
    keyed.delete(ME, Map.of("confirm", email)).expect(204);
    session.api().get(ME).expect(401, "UNAUTHORIZED");
    session.api().get(ME + "/export").expect(401, "UNAUTHORIZED");
    keyed.delete(ME, Map.of("confirm", email)).expect(401, "UNAUTHORIZED");
    refresh(session.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
  }

  @Test
  void the_export_contains_the_same_data_as_the_api() {
    Api api = service.newUser().api();
    JsonNode task = api.post("/api/v1/tasks", Map.of("title", "first \"quoted\"")).data();
    String path = "/api/v1/tasks/" + task.get("id").stringValue();
    api.post(path + "/subtasks", Map.of("title", "step")).expect(201);
    api.post("/api/v1/tasks", Map.of("title", "second")).expect(201);
    JsonNode export = api.get(ME + "/export").expect(200).json();
    assertEquals(2, export.get("tasks").size());
    ObjectNode exported = (ObjectNode) export.get("tasks").get(0);
    // Which occurrence of a template it is: an import needs that.
    assertTrue(exported.remove("occurrence_at").isNull());
    assertTrue(exported.remove("skipped_at").isNull());
    assertEquals(api.get(path).data(), exported);
    assertEquals(api.get(ME).data(), export.get("user"));
  }

  @Test
  void every_sign_in_is_logged_without_its_tokens() {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord logged) {
            lines.add(new SimpleFormatter().formatMessage(logged));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(AccountRoutes.class.getName());
    logger.addHandler(handler);
    try {
      Api api = service.api().with("User-Agent", "Fire{0}fox");
      String good = service.google().idToken("logged").sign();
      api.post(SIGN_IN, Map.of("id_token", good)).expect(200);
      String bad = service.google().idToken("logged").with("iss", "x").sign();
      api.post(SIGN_IN, Map.of("id_token", bad)).expect(401);
      api.post(SIGN_IN, Map.of("id_token", "x")).expect(400);
    } finally {
      logger.removeHandler(handler);
    }
    String where = ": method google, ip 127.0.0.1, user agent Fire{0}fox";
    assertEquals(
        List.of(
            "sign-in succeeded" + where, "sign-in refused" + where, "sign-in malformed" + where),
        lines.stream().filter(line -> line.endsWith(where)).toList());
  }

  @Test
  void FR_066_sign_ins_are_counted_by_result() {
    double before = refusedSignIns();
    String bad = service.google().idToken("counted").with("iss", "x").sign();
    service.api().post(SIGN_IN, Map.of("id_token", bad)).expect(401);
    assertEquals(before + 1, refusedSignIns());
  }

  private static double refusedSignIns() {
    String metric = "sign_in_total{result=\"refused\"} ";
    return service
        .api()
        .get("/metrics")
        .text()
        .lines()
        .filter(line -> line.startsWith(metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(metric.length())))
        .sum();
  }

  private static Api.Answer refresh(String token) {
    return service.api().post(REFRESH, Map.of("refresh_token", token));
  }

  private static List<String> faults(Api.Answer answer) {
    List<String> fields = new ArrayList<>();
    answer
        .json()
        .get("error")
        .get("details")
        .forEach(fault -> fields.add(fault.get("field").stringValue()));
    return fields.stream().sorted().toList();
  }
}

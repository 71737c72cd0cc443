package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.LockedUser.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Sessions of devices over HTTP (FR-137 to FR-139). */
class SessionApiTest {
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
  private static final String SESSIONS = "/api/v1/sessions";

  private final String subject = UUID.randomUUID().toString();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_137_a_sign_in_replaces_the_session_of_its_device_only() {
    Map<String, String> phone = device("phone");
    TestService.Session first = service.signIn(subject, phone);
    TestService.Session laptop = service.signIn(subject, device("laptop"));
    TestService.Session none = service.signIn(subject);
    TestService.Session second = service.signIn(subject, phone);
    refresh(first.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    TestService.Session another = service.signIn(subject);
    refresh(none.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    for (TestService.Session session : List.of(laptop, second, another)) {
      session.api().get(ME).expect(200);
      String successor =
          refresh(session.refreshToken()).expect(200).json().get("refresh_token").stringValue();
      refresh(successor).expect(200);
    }
    assertEquals(0, entries(first.userId(), "user_session_revoked"));
    assertEquals(0, entries(first.userId(), "user_session_ended"));
  }

  @Test
  void FR_137_above_ten_sessions_the_least_recently_used_is_ended() {
    List<TestService.Session> sessions = new ArrayList<>();
    sessions.add(service.signIn(subject));
    for (int i = 1; i < Sessions.MAX; i++) {
      service.clock().advance(Duration.ofSeconds(1));
      sessions.add(service.signIn(subject, device("device " + i)));
    }
    service.clock().advance(Duration.ofSeconds(1));
    String token =
        refresh(sessions.getFirst().refreshToken())
            .expect(200)
            .json()
            .get("refresh_token")
            .stringValue();
    String evicted = current(sessions.get(1)).get("id").stringValue();
    service.clock().advance(Duration.ofSeconds(1));
    TestService.Session eleventh = service.signIn(subject, device("eleventh"));

    sessions.get(1).api().get(ME).expect(401, "UNAUTHORIZED");
    refresh(sessions.get(1).refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    refresh(token).expect(200);
    refresh(sessions.get(2).refreshToken()).expect(200);
    List<String> names = names(eleventh);
    assertEquals(Sessions.MAX, names.size());
    assertFalse(names.contains("device 1"));
    assertTrue(names.contains("eleventh"));
    assertEquals(
        Map.of("session", evicted, "reason", "evicted"),
        metadata(eleventh.userId(), "user_session_ended"));
  }

  @Test
  void FR_137_the_same_device_id_of_another_user_means_nothing() {
    Map<String, String> device = device("shared");
    TestService.Session ada = service.signIn(subject, device);
    TestService.Session eve = service.signIn(subject + "-eve", device);
    ada.api().get(ME).expect(200);
    refresh(ada.refreshToken()).expect(200);
    assertEquals(List.of("shared"), names(eve));
  }

  static List<Map<String, ?>> malformedDevices() {
    String id = UUID.randomUUID().toString();
    return List.of(
        Map.of("faults", List.of("device.id", "device.name"), "device", Map.of()),
        Map.of("faults", List.of("device.id"), "device", Map.of("name", "phone")),
        Map.of("faults", List.of("device.name"), "device", Map.of("id", id)),
        Map.of("faults", List.of("device.id"), "device", Map.of("id", "x", "name", "phone")),
        Map.of("faults", List.of("device.id"), "device", Map.of("id", 7, "name", "phone")),
        Map.of("faults", List.of("device.name"), "device", Map.of("id", id, "name", " ")),
        Map.of("faults", List.of("device.name"), "device", Map.of("id", id, "name", 7)),
        Map.of("faults", List.of("device.name"), "device", Map.of("id", id, "name", "a\nb")),
        Map.of("faults", List.of("device.name"), "device", Map.of("id", id, "name", "a\u0000b")),
        Map.of("faults", List.of("device.name"), "device", Map.of("id", id, "name", "a\u2028b")),
        Map.of(
            "faults", List.of("device.name"), "device", Map.of("id", id, "name", "x".repeat(101))),
        Map.of(
            "faults",
            List.of("device.model"),
            "device",
            Map.of("id", id, "name", "phone", "model", "x")),
        Map.of("faults", List.of("device"), "device", "phone"),
        Map.of("faults", List.of("device"), "device", List.of()));
  }

  @ParameterizedTest
  @MethodSource("malformedDevices")
  void FR_137_a_malformed_device_is_refused_and_changes_nothing(Map<String, ?> example) {
    TestService.Session session = service.signIn(subject, device("phone"));
    assertEquals(example.get("faults"), faults(Map.of("device", example.get("device"))));
    assertEquals(List.of("phone"), names(session));
  }

  @Test
  void FR_137_a_device_that_is_null_is_refused_and_a_name_has_up_to_a_hundred_characters() {
    assertEquals(List.of("device"), faults(Collections.singletonMap("device", null)));
    String name = "👩‍🚀" + "é".repeat(97);
    TestService.Session session = service.signIn(subject, device(name));
    assertEquals(List.of(name), names(session));
  }

  @Test
  void FR_138_sessions_are_listed_with_the_last_use_first() {
    Map<String, String> phone = device("phone");
    TestService.Session onPhone = service.signIn(subject, phone);
    Instant start = service.clock().instant();
    service.clock().advance(Duration.ofMinutes(1));
    TestService.Session none = service.signIn(subject);
    assertEquals(Arrays.asList(null, "phone"), names(onPhone));
    service.clock().advance(Duration.ofMinutes(1));
    service
        .api()
        .with("User-Agent", "another browser")
        .post(REFRESH, Map.of("refresh_token", onPhone.refreshToken()))
        .expect(200);

    List<JsonNode> listed = sessions(none);
    JsonNode first = listed.getFirst();
    assertEquals(phone.get("id"), first.get("device_id").stringValue());
    assertEquals("phone", first.get("name").stringValue());
    assertEquals("another browser", first.get("user_agent").stringValue());
    assertEquals("127.0.0.1", first.get("address").stringValue());
    assertEquals(Json.instant(start), first.get("created_at").stringValue());
    assertEquals(Json.instant(service.clock().instant()), first.get("last_used_at").stringValue());
    assertFalse(first.get("current").booleanValue());
    JsonNode second = listed.get(1);
    assertTrue(second.get("device_id").isNull());
    assertTrue(second.get("name").isNull());
    assertTrue(second.get("current").booleanValue());
    assertEquals(2, listed.size());
  }

  @Test
  void FR_138_a_session_that_was_not_used_for_seven_days_has_ended() {
    TestService.Session phone = service.signIn(subject, device("phone"));
    String id = current(phone).get("id").stringValue();
    service.clock().advance(Duration.ofDays(7));
    TestService.Session none = service.signIn(subject);
    assertEquals(Collections.singletonList(null), names(none));
    none.api().delete(SESSIONS + "/" + id).expect(404, "NOT_FOUND");
  }

  @Test
  void FR_138_an_ended_session_is_refused_at_once_and_the_others_continue() {
    TestService.Session phone = service.signIn(subject, device("phone"));
    TestService.Session laptop = service.signIn(subject, device("laptop"));
    TestService.Session none = service.signIn(subject);
    String id = current(phone).get("id").stringValue();
    Api keyed = laptop.api().withKey(UUID.randomUUID());
    keyed.delete(SESSIONS + "/" + id).expect(204);
    assertEquals(
        "true",
        keyed.delete(SESSIONS + "/" + id).expect(204).header("X-Idempotent-Replayed").orElse(""));

    assertEquals(
        service.api().as("x").with("X-Request-ID", "same").get(ME).expect(401).text(),
        phone.api().with("X-Request-ID", "same").get(ME).expect(401, "UNAUTHORIZED").text());
    phone.api().post("/api/v1/tasks", Map.of("title", "a")).expect(401, "UNAUTHORIZED");
    phone.api().post("/api/v1/ai/chat", Map.of("message", "a")).expect(401, "UNAUTHORIZED");
    refresh(phone.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    laptop.api().delete(SESSIONS + "/" + id).expect(404, "NOT_FOUND");
    laptop.api().get(ME).expect(200);
    none.api().get(ME).expect(200);
    refresh(laptop.refreshToken()).expect(200);
    assertEquals(1, entries(phone.userId(), "user_session_ended"));
    assertEquals(
        Map.of("session", id, "reason", "revoked"), metadata(phone.userId(), "user_session_ended"));

    laptop.api().delete(SESSIONS + "/" + current(none).get("id").stringValue()).expect(204);
    none.api().get(ME).expect(401, "UNAUTHORIZED");
  }

  @Test
  void FR_138_an_ended_session_gets_no_stored_answer() {
    TestService.Session phone = service.signIn(subject, device("phone"));
    TestService.Session laptop = service.signIn(subject, device("laptop"));
    Api keyed = phone.api().withKey(UUID.randomUUID());
    keyed.post("/api/v1/tasks", Map.of("title", "a")).expect(201);
    laptop.api().delete(SESSIONS).expect(204);
    keyed.post("/api/v1/tasks", Map.of("title", "a")).expect(401, "UNAUTHORIZED");
  }

  @Test
  void FR_138_another_users_session_is_forbidden_and_an_unknown_one_not_found() {
    TestService.Session phone = service.signIn(subject, device("phone"));
    String id = current(phone).get("id").stringValue();
    Api stranger = service.newUser().api();
    stranger.delete(SESSIONS + "/" + id).expect(403, "FORBIDDEN");
    stranger.delete(SESSIONS + "/" + UUID.randomUUID()).expect(404, "NOT_FOUND");
    stranger.delete(SESSIONS + "/x").expect(400, "VALIDATION_ERROR");
    phone.api().get(ME).expect(200);
  }

  @Test
  void FR_138_all_other_sessions_are_ended() {
    TestService.Session phone = service.signIn(subject, device("phone"));
    TestService.Session laptop = service.signIn(subject, device("laptop"));
    TestService.Session none = service.signIn(subject);
    laptop.api().delete(SESSIONS).expect(204);
    laptop.api().delete(SESSIONS).expect(204);
    for (TestService.Session ended : List.of(phone, none)) {
      ended.api().get(ME).expect(401, "UNAUTHORIZED");
      refresh(ended.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    }
    assertEquals(List.of("laptop"), names(laptop));
    assertEquals(2, entries(phone.userId(), "user_session_ended"));
  }

  @Test
  void FR_138_a_token_of_an_earlier_release_works_and_cannot_end_the_others() {
    TestService.Session phone = service.signIn(subject, device("phone"));
    AccessTokens earlier = new AccessTokens(PlainServer.account(), new Ids(), service.clock());
    Api api = service.api().as(earlier.issue(phone.userId(), null, subject, "a@b", Tier.FREE));
    assertFalse(api.get(SESSIONS).expect(200).data().get(0).get("current").booleanValue());
    api.delete(SESSIONS).expect(409, "CONFLICT");
    assertEquals(List.of("phone"), names(phone));
    api.delete(SESSIONS + "/" + current(phone).get("id").stringValue()).expect(204);
    api.get(ME).expect(200);
  }

  @Test
  void FR_138_ending_ones_own_session_signs_out() {
    TestService.Session phone = service.signIn(subject, device("phone"));
    phone.api().delete(SESSIONS + "/" + current(phone).get("id").stringValue()).expect(204);
    phone.api().get(ME).expect(401, "UNAUTHORIZED");
    refresh(phone.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
  }

  @Test
  void FR_138_signing_out_on_a_device_refuses_its_access_token_and_without_a_device_does_not() {
    Map<String, String> device = device("phone");
    TestService.Session phone = service.signIn(subject, device);
    TestService.Session none = service.signIn(subject);
    phone.api().get(ME).expect(200);
    for (TestService.Session session : List.of(phone, none)) {
      service.api().post(LOGOUT, Map.of("refresh_token", session.refreshToken())).expect(204);
    }
    phone.api().get(ME).expect(401, "UNAUTHORIZED");
    none.api().get(ME).expect(200);

    TestService.Session replaced = service.signIn(subject, device);
    replaced.api().get(ME).expect(200);
    service.signIn(subject, device);
    replaced.api().get(ME).expect(401, "UNAUTHORIZED");
    TestService.Session another = service.signIn(subject);
    service.signIn(subject);
    another.api().get(ME).expect(200);
  }

  @Test
  void FR_138_the_export_contains_the_sessions() {
    Map<String, String> phone = device("phone");
    TestService.Session session = service.signIn(subject, phone);
    JsonNode exported = session.api().get(ME + "/export").expect(200).json().get("sessions");
    assertEquals(1, exported.size());
    JsonNode one = exported.get(0);
    assertEquals(phone.get("id"), one.get("device_id").stringValue());
    assertEquals("phone", one.get("device_name").stringValue());
    assertEquals("127.0.0.1", one.get("address").stringValue());
    assertEquals(current(session).get("created_at"), one.get("started_at"));
  }

  @Test
  void FR_139_a_stolen_token_ends_its_session_only_and_the_user_is_notified() {
    TestService.Session phone = service.signIn(subject, device("Ada's phone"));
    TestService.Session laptop = service.signIn(subject, device("laptop"));
    JsonNode next = refresh(phone.refreshToken()).expect(200).json();
    service.clock().advance(Duration.ofSeconds(11));
    refresh(phone.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");

    refresh(next.get("refresh_token").stringValue()).expect(401, "INVALID_REFRESH_TOKEN");
    phone.api().get(ME).expect(401, "UNAUTHORIZED");
    service.api().as(next.get("access_token").stringValue()).get(ME).expect(401, "UNAUTHORIZED");
    refresh(phone.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    refresh(laptop.refreshToken()).expect(200);
    assertEquals(List.of("laptop"), names(laptop));

    JsonNode inbox = laptop.api().get("/api/v1/notifications").expect(200).data();
    assertEquals(1, inbox.size());
    JsonNode notification = inbox.get(0);
    assertEquals("system", notification.get("type").stringValue());
    assertTrue(notification.get("body").stringValue().contains("“Ada's phone”"));
    assertFalse(notification.toString().contains("127.0.0.1"));
    assertEquals(1, entries(phone.userId(), "user_session_revoked"));
  }

  @Test
  void FR_139_the_theft_of_a_session_without_a_device_refuses_its_access_token_too() {
    TestService.Session none = service.signIn(subject);
    TestService.Session phone = service.signIn(subject, device("phone"));
    refresh(none.refreshToken()).expect(200);
    none.api().get(ME).expect(200);
    service.clock().advance(Duration.ofSeconds(11));
    refresh(none.refreshToken()).expect(401, "INVALID_REFRESH_TOKEN");
    none.api().get(ME).expect(401, "UNAUTHORIZED");
    phone.api().get(ME).expect(200);
    assertEquals(1, phone.api().get("/api/v1/notifications").expect(200).data().size());
  }

  private static Map<String, String> device(String name) {
    return Map.of("id", UUID.randomUUID().toString(), "name", name);
  }

  private static Api.Answer refresh(String token) {
    return service.api().post(REFRESH, Map.of("refresh_token", token));
  }

  /** The invalid fields of a sign-in with these further fields. */
  private List<String> faults(Map<String, ? extends @Nullable Object> further) {
    Map<String, @Nullable Object> body = new HashMap<>(further);
    body.put("id_token", service.google().idToken(subject).sign());
    List<String> fields = new ArrayList<>();
    service
        .api()
        .invalidOnPurpose()
        .post(SIGN_IN, body)
        .expect(400, "VALIDATION_ERROR")
        .json()
        .get("error")
        .get("details")
        .forEach(fault -> fields.add(fault.get("field").stringValue()));
    return fields.stream().sorted().toList();
  }

  private static List<JsonNode> sessions(TestService.Session of) {
    List<JsonNode> sessions = new ArrayList<>();
    of.api().get(SESSIONS).expect(200).data().forEach(sessions::add);
    return sessions;
  }

  private static List<@Nullable String> names(TestService.Session of) {
    List<@Nullable String> names = new ArrayList<>();
    for (JsonNode session : sessions(of)) {
      names.add(session.get("name").isNull() ? null : session.get("name").stringValue());
    }
    return names;
  }

  private static JsonNode current(TestService.Session session) {
    return sessions(session).stream()
        .filter(listed -> listed.get("current").booleanValue())
        .findFirst()
        .orElseThrow();
  }

  private static long entries(UUID userId, String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        userId,
        action);
  }

  private static Map<String, Object> metadata(UUID userId, String action) {
    Map<String, Object> metadata = new HashMap<>();
    new Json()
        .parse(
            String.valueOf(
                database
                    .row(
                        """
                        select metadata::text as metadata from activity.activity_logs
                        where user_id = ? and action = ?
                        """,
                        userId,
                        action)
                    .get("metadata")))
        .forEachEntry((name, value) -> metadata.put(name, value.stringValue()));
    return metadata;
  }
}

package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US01SignInTest {
  private static final String ME = "/api/v1/users/me";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final Api visitor = service.api();

  @Test
  void US01_sign_in() {
    String subject = "google-" + UUID.randomUUID();

    // Without a token, requests are rejected.
    visitor.get(ME).expect(401, "UNAUTHORIZED");

    // The first sign-in with Google creates the account.
    JsonNode first = signIn(subject);
    assertEquals("Ada Example", first.at("/user/name").stringValue());
    assertEquals(900, first.get("expires_in").intValue());
    Api ada = visitor.as(first.get("access_token").stringValue());
    assertEquals(first.at("/user/id"), ada.get(ME).expect(200).data().get("id"));

    // The user changes name and time zone.
    ada.patch(ME, Map.of("name", "Ada Lovelace", "timezone", "Europe/London")).expect(200);

    // After 15 minutes the access token has expired; the error asks for a refresh.
    service.clock().advance(Duration.ofMinutes(15));
    JsonNode expired = ada.get(ME).expect(401, "TOKEN_EXPIRED").json().get("error");
    assertTrue(expired.get("refresh_required").booleanValue());

    // A refresh can be repeated if its answer is lost.
    String token = first.get("refresh_token").stringValue();
    JsonNode second = refresh(token).expect(200).json();
    assertEquals(
        second.get("refresh_token"), refresh(token).expect(200).json().get("refresh_token"));
    Api refreshed = visitor.as(second.get("access_token").stringValue());
    assertEquals("Ada Lovelace", refreshed.get(ME).expect(200).data().get("name").stringValue());

    // A sign-in on another device keeps account and name, and ends the first session.
    JsonNode elsewhere = signIn(subject);
    assertEquals(first.at("/user/id"), elsewhere.at("/user/id"));
    assertEquals("Ada Lovelace", elsewhere.at("/user/name").stringValue());
    refresh(second.get("refresh_token").stringValue()).expect(401, "INVALID_REFRESH_TOKEN");

    // Reuse of an old refresh token ends the session for both sides.
    String stolen = elsewhere.get("refresh_token").stringValue();
    JsonNode third = refresh(stolen).expect(200).json();
    service.clock().advance(Duration.ofSeconds(11));
    JsonNode theft = refresh(stolen).expect(401, "INVALID_REFRESH_TOKEN").json().get("error");
    assertEquals(false, theft.get("refresh_required").booleanValue());
    refresh(third.get("refresh_token").stringValue()).expect(401, "INVALID_REFRESH_TOKEN");

    // After signing out, the refresh token is invalid.
    String last = signIn(subject).get("refresh_token").stringValue();
    assertNotEquals(stolen, last);
    visitor.post("/api/v1/auth/logout", Map.of("refresh_token", last)).expect(204);
    refresh(last).expect(401, "INVALID_REFRESH_TOKEN");

    // There is one account, and the activity log has every sign-in.
    UUID id = UUID.fromString(first.at("/user/id").stringValue());
    assertEquals(1, entries(id, "user_registered"));
    assertEquals(3, entries(id, "user_logged_in"));
    Invariants.check(database);
  }

  private JsonNode signIn(String subject) {
    return visitor
        .post(
            "/api/v1/auth/google/callback",
            Map.of("id_token", service.google().idToken(subject).sign()))
        .expect(200)
        .json();
  }

  private Api.Answer refresh(String token) {
    return visitor.post("/api/v1/auth/refresh", Map.of("refresh_token", token));
  }

  private static long entries(UUID userId, String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        userId,
        action);
  }
}

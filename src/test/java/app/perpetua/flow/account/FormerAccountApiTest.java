package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** FR-071: rate limits over HTTP of a person who deletes the account and signs in again. */
class FormerAccountApiTest {
  private static final int GENERAL = 8;
  private static final int AI = 3;
  private static final String ME = "/api/v1/users/me";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("RATE_LIMIT_GENERAL", Integer.toString(GENERAL))
          .with("RATE_LIMIT_AI", Integer.toString(AI));

  private final String subject = "google-" + UUID.randomUUID();

  private static void delete(TestService.Session session) {
    String email = session.api().get(ME).expect(200).data().get("email").stringValue();
    session.api().delete(ME, Map.of("confirm", email)).expect(204);
  }

  private static Api.Answer chat(TestService.Session session) {
    return session.api().post("/api/v1/ai/chat", Map.of("message", "Where do I begin?"));
  }

  @Test
  void FR_071_the_general_rate_limit_goes_on_after_a_deletion() {
    TestService.Session former = service.signIn(subject);
    delete(former);
    TestService.Session session = service.signIn(subject);
    for (int remaining = GENERAL - 3; remaining >= 0; remaining--) {
      Api.Answer answer = session.api().get(ME).expect(200);
      assertEquals(Integer.toString(remaining), answer.header("X-RateLimit-Remaining").orElse(""));
    }
    session.api().get(ME).expect(429, "RATE_LIMIT_EXCEEDED");
    former.api().get(ME).expect(429, "RATE_LIMIT_EXCEEDED");
    Map<String, String> old = Map.of("refresh_token", session.refreshToken());
    String refreshed =
        service.api().post("/api/v1/auth/refresh", old).json().get("access_token").stringValue();
    service.api().as(refreshed).get(ME).expect(429, "RATE_LIMIT_EXCEEDED");
    service.newUser().api().get(ME).expect(200);
  }

  @Test
  void FR_071_credits_and_the_AI_rate_limit_go_on_after_a_deletion() {
    TestService.Session former = service.signIn(subject);
    chat(former).expect(200);
    delete(former);
    TestService.Session session = service.signIn(subject);
    for (int i = 1; i < AI; i++) {
      chat(session).expect(402, "INSUFFICIENT_CREDITS");
    }
    chat(session).expect(429, "RATE_LIMIT_EXCEEDED");
    assertEquals(0, session.api().get("/api/v1/credits/balance").data().get("total").intValue());
  }

  @Test
  void an_ID_token_may_be_presented_again_after_a_deletion() {
    Map<String, String> body = Map.of("id_token", service.google().idToken(subject).sign());
    String path = "/api/v1/auth/google/callback";
    Api.Answer first = service.api().post(path, body).expect(200);
    service.api().post(path, body).expect(200);
    Api api = service.api().as(first.json().get("access_token").stringValue());
    String email = api.get(ME).data().get("email").stringValue();
    api.delete(ME, Map.of("confirm", email)).expect(204);
    service.api().post(path, body).expect(200);
  }
}

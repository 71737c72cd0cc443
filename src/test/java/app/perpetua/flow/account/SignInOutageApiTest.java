package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A service that has never been able to fetch Google's keys. */
class SignInOutageApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("GOOGLE_JWKS_URL", "http://127.0.0.1:1/certs");

  @Test
  void sign_in_without_google_is_503_with_retry_after() {
    String path = "/api/v1/auth/google/callback";
    String token = service.google().idToken("x").sign();
    Api.Answer answer =
        service.api().post(path, Map.of("id_token", token)).expect(503, "SERVICE_UNAVAILABLE");
    assertEquals("10", answer.header("Retry-After").orElse(""));
    service.api().post(path, Map.of("id_token", "no jwt")).expect(400, "VALIDATION_ERROR");
    assertEquals(0, database.number("select count(*) from auth.users"));
  }
}

package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A signed-in user who prepares resources: fast, because it validates only that each request
 * succeeds. For one thread.
 */
final class Session {
  private static final Json JSON = new Json();
  private static final int ATTEMPTS = 5;

  private final Stage stage;
  private final JsonNode signedIn;

  private Session(Stage stage, JsonNode signedIn) {
    this.stage = stage;
    this.signedIn = signedIn;
  }

  /** Signs in a new user. */
  static Session ofNewUser(Stage stage) {
    String idToken = stage.service().google().idToken("google-" + UUID.randomUUID()).sign();
    return new Session(
        stage,
        call(stage, "", "POST", "/api/v1/auth/google/callback", Map.of("id_token", idToken)));
  }

  /** The same with Pro. */
  static Session ofNewPro(Stage stage) {
    Session session = ofNewUser(stage);
    stage.database().run("update auth.users set tier = 'pro' where id = ?", session.userId());
    return session;
  }

  UUID userId() {
    return UUID.fromString(signedIn.at("/user/id").stringValue());
  }

  String email() {
    return signedIn.at("/user/email").stringValue();
  }

  String accessToken() {
    return signedIn.required("access_token").stringValue();
  }

  String refreshToken() {
    return signedIn.required("refresh_token").stringValue();
  }

  /** The answer's {@code data}. */
  JsonNode get(String path) {
    return call(stage, accessToken(), "GET", path, null).path("data");
  }

  /** The answer's {@code data}. */
  JsonNode post(String path, Map<String, ?> body) {
    return call(stage, accessToken(), "POST", path, body).path("data");
  }

  /** The answer's {@code data}. */
  JsonNode delete(String path) {
    return call(stage, accessToken(), "DELETE", path, null).path("data");
  }

  private static JsonNode call(
      Stage stage, String token, String method, String path, @Nullable Map<String, ?> body) {
    byte[] content = body == null ? new byte[0] : JSON.bytes(body);
    String head =
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n")
            + (token.isEmpty() ? "" : "Idempotency-Key: " + UUID.randomUUID() + "\r\n")
            + (body == null ? "" : "Content-Type: application/json\r\n")
            + (body == null ? "" : "Content-Length: " + content.length + "\r\n")
            + "\r\n";
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    request.writeBytes(content);
    try (Wire wire = new Wire(stage.port())) {
      Wire.Answer answer = wire.exchange(request.toByteArray());
      for (int i = 1; answer.status() == 503 && i < ATTEMPTS; i++) {
        // A busy machine may exceed a time limit; what is judged is not repeated.
        try (Wire again = new Wire(stage.port())) {
          answer = again.exchange(request.toByteArray());
        }
      }
      if (answer.status() >= 300) {
        throw new IllegalStateException(
            "cannot prepare " + method + " " + path + ": " + answer.text());
      }
      return answer.body().length == 0 ? JSON.parse("{}") : JSON.parse(answer.text());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

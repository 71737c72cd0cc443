package app.perpetua.flow.fuzz.tokens;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fuzz.Deadline;
import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.fuzz.Wire;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.hostile.Operation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Sends every forged, malformed and foreign token to every operation that needs one. All get one
 * and the same refusal, so that it does not say what is wrong; only a token that is merely expired
 * is told apart.
 */
public final class TokenFuzz {
  private static final String ID = "019ba722-4680-7c3e-9a51-2f6d8b0c4e17";

  private record Attempt(Operation operation, String name, List<String> headers, String code) {}

  private final Stage stage;
  private final Tally tally;
  private final long seed;
  private final List<Attempt> attempts;
  private final Json json = new Json();
  private @Nullable String refusal;

  /** Signs the tokens. */
  public TokenFuzz(Stage stage, Tally tally, long seed) {
    this.stage = stage;
    this.tally = tally;
    this.seed = seed;
    this.attempts = attempts();
  }

  /** Runs until all are sent or the deadline is over; returns how many there were. */
  public String run(Deadline deadline) throws IOException {
    int sent = 0;
    Wire wire = new Wire(stage.port());
    try {
      for (Attempt attempt : attempts) {
        if (deadline.isOver()) {
          break;
        }
        byte[] request = request(attempt);
        Wire.Answer answer = wire.exchange(request);
        tally.count(answer.status() < 300 ? "2xx" : Integer.toString(answer.status()));
        judge(attempt, sent++, request, answer);
        if (answer.isLast()) {
          wire.close();
          wire = new Wire(stage.port());
        }
      }
    } finally {
      wire.close();
    }
    return "%,d of %,d pairs of token and operation".formatted(sent, attempts.size());
  }

  private List<Attempt> attempts() {
    TestService.Session session = stage.service().newUser();
    ForgedTokens forged =
        new ForgedTokens(session.accessToken(), stage.service().clock().instant());
    String idToken = stage.service().google().idToken("google-of-nobody").sign();
    Map<String, String> values = forged.values(session.refreshToken(), idToken, seed);
    String authorization = "Authorization: ";
    List<Attempt> all = new ArrayList<>();
    for (Operation operation : Operation.all()) {
      if (!operation.isAuthenticated() || operation.path().contains("/ws/voice/transcribe")) {
        continue;
      }
      values.forEach(
          (name, value) ->
              all.add(
                  new Attempt(operation, name, List.of(authorization + value), "UNAUTHORIZED")));
      all.add(new Attempt(operation, "none", List.of(), "UNAUTHORIZED"));
      all.add(
          new Attempt(
              operation,
              "expired",
              List.of(authorization + "Bearer " + forged.expired()),
              "TOKEN_EXPIRED"));
      String cookie = "Cookie: access_token=" + session.accessToken();
      all.add(new Attempt(operation, "cookie", List.of(cookie), "UNAUTHORIZED"));
      String twice = authorization + "Bearer " + session.accessToken();
      // Refused before the token is read: which of the two would count?
      all.add(new Attempt(operation, "two headers", List.of(twice, twice), "VALIDATION_ERROR"));
    }
    Collections.shuffle(all, new Random(seed));
    return all;
  }

  private static byte[] request(Attempt attempt) {
    String target = attempt.operation().path().replaceAll("\\{[a-z_]+}", ID);
    StringBuilder text = new StringBuilder();
    text.append(attempt.operation().method()).append(' ').append(target);
    text.append(" HTTP/1.1\r\nHost: localhost\r\n");
    attempt.headers().forEach(header -> text.append(header).append("\r\n"));
    if (attempt.operation().takesBody()) {
      text.append("Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    } else {
      text.append("\r\n");
    }
    return text.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private void judge(Attempt attempt, long index, byte[] request, Wire.Answer answer) {
    int status = attempt.code().equals("VALIDATION_ERROR") ? 400 : 401;
    String body = answer.text();
    if (answer.status() != status
        || !json.parse(body).at("/error/code").asString("").equals(attempt.code())) {
      tally.violation(
          "status " + answer.status() + " for a token: " + attempt.name(),
          attempt.operation().name(),
          index,
          request,
          answer.bytes());
      return;
    }
    if (attempt.code().equals("UNAUTHORIZED")) {
      String same = body.replaceFirst("\"request_id\":\"[^\"]*\"", "");
      if (refusal == null) {
        refusal = same;
      }
      if (!same.equals(refusal)) {
        tally.violation(
            "another refusal for: " + attempt.name(),
            attempt.operation().name(),
            index,
            request,
            answer.bytes());
      }
    }
  }
}

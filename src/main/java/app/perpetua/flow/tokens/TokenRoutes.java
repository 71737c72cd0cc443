package app.perpetua.flow.tokens;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.auth.Scope;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of personal access tokens. */
final class TokenRoutes {
  private static final int MAX_NAME = 100;
  private static final int DEFAULT_DAYS = 90;
  private static final int MAX_DAYS = 365;

  /**
   * The answer to the creation.
   *
   * @param secret the token as a program presents it
   */
  private record Created(@JsonUnwrapped PersonalToken description, String secret) {}

  private final PersonalTokens tokens;

  TokenRoutes(PersonalTokens tokens) {
    this.tokens = tokens;
  }

  /** POST /tokens. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().required("name", "scopes").notNull("expires_in_days");
    String name = body.text("name", 1, MAX_NAME);
    List<Scope> scopes = body.someOf("scopes", Scope.class);
    Integer days = body.integer("expires_in_days", 1, MAX_DAYS);
    body.validate();
    Duration lifetime = Duration.ofDays(Objects.requireNonNullElse(days, DEFAULT_DAYS));
    return tx -> {
      PersonalTokens.Created created =
          tokens.create(
              tx,
              Objects.requireNonNull(name),
              Set.copyOf(Objects.requireNonNull(scopes)),
              lifetime);
      return Reply.created(new Created(created.token(), created.text().text()));
    };
  }

  /** GET /tokens. */
  Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(tokens.list(tx));
  }

  /** GET /tokens/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(tokens.find(tx, id));
  }

  /** DELETE /tokens/{id}. */
  Function<Tx, Reply> revoke(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      tokens.revoke(tx, id);
      return Reply.noContent();
    };
  }
}

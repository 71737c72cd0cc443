package app.perpetua.flow.tokens;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.http.auth.Scope;
import app.perpetua.flow.sql.Tx;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The personal access tokens of a user (FR-154 to FR-156). Methods expect that the user's row is
 * locked, except {@link #list} and {@link #find}. Thread-safe.
 */
final class PersonalTokens {
  /** How many tokens a user has at most, expired ones included. */
  static final int MAX = 50;

  /** How long an expired token is listed. */
  private static final Duration RETENTION = Duration.ofDays(30);

  /** A new token; its text is not known afterwards. */
  record Created(TokenText text, PersonalToken token) {}

  private final Ids ids;
  private final Events events;
  private final SecureRandom random;

  PersonalTokens(Ids ids, Events events, SecureRandom random) {
    this.ids = ids;
    this.events = events;
    this.random = random;
  }

  /**
   * Creates a token.
   *
   * @param name 1 to 100 code points
   * @param scopes not empty
   * @throws Refusal {@code LIMIT_EXCEEDED} if the user has too many
   */
  Created create(Tx tx, String name, Set<Scope> scopes, Duration lifetime) {
    int current = list(tx).size();
    if (current >= MAX) {
      throw Refusal.of(
              ErrorCode.LIMIT_EXCEEDED, "at most " + MAX + " tokens are allowed; revoke one first")
          .with("limit", MAX)
          .with("current", current);
    }
    TokenText text = TokenText.create(ids.next(), random);
    PersonalToken token =
        new PersonalToken(
            text.id(),
            name,
            scopes.stream().sorted().toList(),
            tx.now(),
            tx.now().plus(lifetime).truncatedTo(ChronoUnit.MILLIS),
            null);
    tx.sql("tokens.insert_token")
        .bind("id", token.id())
        .bind("name", name)
        .bind("token_hash", text.hash())
        .bind("scopes", Scopes.text(scopes))
        .bind("expires_at", token.expiresAt())
        .atCommit();
    events.emit(tx, new Event.UserTokenCreated(tx.userId(), token.id()));
    return new Created(text, token);
  }

  /** The tokens, newest first; refuses a deleted account. */
  List<PersonalToken> list(Tx tx) {
    return tx.sql("tokens.list_tokens").oneToMany(_ -> true, PersonalToken::of).many();
  }

  /**
   * A token.
   *
   * @throws Refusal {@code FORBIDDEN} if another user has it, {@code NOT_FOUND} if it does not
   *     exist
   */
  PersonalToken find(Tx tx, UUID id) {
    return tx.sql("tokens.find_token")
        .bind("id", id)
        .one(PersonalToken::of)
        .orElseThrow(() -> tx.missing("tokens.find_token_owner", "token", id));
  }

  /**
   * Revokes a token: requests with it that begin later are refused.
   *
   * @throws Refusal {@code FORBIDDEN} if another user has it, {@code NOT_FOUND} if it does not
   *     exist
   */
  void revoke(Tx tx, UUID id) {
    if (tx.sql("tokens.delete_token").bind("id", id).one(row -> row.uuid("id")).isEmpty()) {
      throw tx.missing("tokens.find_token_owner", "token", id);
    }
    events.emit(tx, new Event.UserTokenRevoked(tx.userId(), id));
  }

  /** Deletes tokens that expired 30 days ago; returns how many. */
  int deleteExpired(Tx tx, int count) {
    return tx.sql("tokens.delete_expired")
        .bind("horizon", tx.now().minus(RETENTION))
        .bind("count", count)
        .run();
  }
}

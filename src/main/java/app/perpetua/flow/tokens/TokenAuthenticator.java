package app.perpetua.flow.tokens;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Row;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Verifies personal access tokens (FR-154) and passes all other tokens on. What is stored of a
 * token does not change, so it is read once; whether it was revoked since, {@link TokenCheck} reads
 * with each request. Thread-safe.
 */
final class TokenAuthenticator implements Authenticator {
  private static final System.Logger LOG = System.getLogger(TokenAuthenticator.class.getName());

  /** About 4 MB. */
  private static final int CACHE_SIZE = 20_000;

  private static final Duration BETWEEN_USES = Duration.ofMinutes(1);

  private record Stored(byte[] hash, Principal principal) {}

  private final Authenticator accessTokens;
  private final Db db;
  private final Function<String, UUID> limitIds;
  private final Clock clock;
  private final Cache<UUID, Stored> known =
      Caffeine.newBuilder().maximumSize(CACHE_SIZE).executor(Runnable::run).build();

  /** When this process has last stored the use of a token. */
  private final Cache<UUID, Instant> used =
      Caffeine.newBuilder().maximumSize(CACHE_SIZE).executor(Runnable::run).build();

  /**
   * @param accessTokens verifies what is no personal access token
   * @param limitIds {@link Principal#limitId()} by the user's Google subject
   */
  TokenAuthenticator(
      Authenticator accessTokens, Db db, Function<String, UUID> limitIds, Clock clock) {
    this.accessTokens = accessTokens;
    this.db = db;
    this.limitIds = limitIds;
    this.clock = clock;
  }

  @Override
  public Optional<Principal> recall(String token) {
    if (!token.startsWith(TokenText.PREFIX)) {
      return accessTokens.recall(token);
    }
    return TokenText.parse(token)
        .flatMap(
            text ->
                Optional.ofNullable(known.getIfPresent(text.id()))
                    .filter(stored -> isOf(stored, text)))
        .map(Stored::principal)
        .filter(principal -> clock.instant().isBefore(principal.expiresAt()))
        .map(this::used);
  }

  @Override
  public Principal verify(String token) {
    if (!token.startsWith(TokenText.PREFIX)) {
      return accessTokens.verify(token);
    }
    TokenText text = TokenText.parse(token).orElseThrow(Authenticator::unauthorized);
    Stored stored = known.getIfPresent(text.id());
    if (stored == null) {
      stored = read(text.id()).orElseThrow(Authenticator::unauthorized);
      known.put(text.id(), stored);
    }
    if (!isOf(stored, text)) {
      throw Authenticator.unauthorized();
    }
    if (!clock.instant().isBefore(stored.principal().expiresAt())) {
      throw Refusal.of(ErrorCode.TOKEN_EXPIRED, "the personal access token has expired")
          .with("refresh_required", false);
    }
    return used(stored.principal());
  }

  private static boolean isOf(Stored stored, TokenText text) {
    return MessageDigest.isEqual(stored.hash(), text.hash());
  }

  private Optional<Stored> read(UUID id) {
    return db.statement(
        tx -> tx.sql("tokens.find_by_id").bind("id", id).one(row -> stored(id, row)));
  }

  private Stored stored(UUID id, Row row) {
    return new Stored(
        Objects.requireNonNull(row.bytesOrNull("token_hash")),
        new Principal(
            row.uuid("user_id"),
            id,
            null,
            limitIds.apply(row.text("google_id")),
            row.instant("expires_at"),
            new Principal.PersonalToken(
                row.text("name"), EnumSet.copyOf(Scopes.parse(row.text("scopes"))))));
  }

  /** Stores the use, at most once a minute. The request does not depend on it. */
  private Principal used(Principal principal) {
    Instant now = clock.instant();
    Instant last = used.getIfPresent(principal.tokenId());
    if (last == null || !now.isBefore(last.plus(BETWEEN_USES))) {
      used.put(principal.tokenId(), now);
      try {
        db.write(
            Actor.user(principal.userId(), null),
            tx -> tx.sql("tokens.note_use").bind("id", principal.tokenId()).run());
      } catch (DatabaseException | Refusal e) {
        LOG.log(
            System.Logger.Level.DEBUG, "the use of a token was not stored: {0}", e.getMessage());
      }
    }
    return principal;
  }
}

package app.perpetua.flow.account;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Refresh tokens, rotated on every use (FR-003; RFC 9700, section 4.14.2). A token is {@code <user
 * id>.<secret>}; only its SHA-256 is stored. A successor's secret is derived from its predecessor,
 * so a repeat after a lost response, after a crash or from a second tab gets the same successor.
 * Any other reuse means that the token was stolen, and revokes the family. Thread-safe.
 */
final class RefreshTokens {
  /** How long a rotated token may be repeated. */
  static final Duration GRACE = Duration.ofSeconds(10);

  /** How long spent tokens are stored, to detect reuse. */
  private static final Duration RETENTION = Duration.ofDays(7);

  private static final System.Logger LOG = System.getLogger(RefreshTokens.class.getName());
  private static final int SECRET_BYTES = 32;

  /** 43 characters hold 32 bytes. */
  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.[A-Za-z0-9_-]{43}");

  /**
   * @param subject the user's Google subject
   * @param token the successor
   */
  record Rotated(UUID userId, String subject, LockedUser owner, String token) {}

  private record StoredToken(
      UUID family,
      int seq,
      Instant expiresAt,
      @Nullable Instant rotatedAt,
      @Nullable Instant revokedAt,
      @Nullable Integer activeSeq,
      byte @Nullable [] activeHash,
      String subject) {
    static StoredToken of(Row row) {
      return new StoredToken(
          row.uuid("family"),
          row.integer("seq"),
          row.instant("expires_at"),
          row.instantOrNull("rotated_at"),
          row.instantOrNull("revoked_at"),
          row.integerOrNull("active_seq"),
          row.bytesOrNull("active_hash"),
          row.text("google_id"));
    }

    boolean isValid(Instant now) {
      return revokedAt == null && activeSeq != null && now.isBefore(expiresAt);
    }

    boolean precedesActive() {
      return activeSeq != null && activeSeq == seq + 1;
    }
  }

  private final byte[] secret;
  private final Duration lifetime;
  private final SecureRandom random;
  private final Ids ids;
  private final Events events;

  /**
   * @param secret derives successors; the same on all instances
   * @param random generates the secrets of first tokens
   */
  RefreshTokens(Secret secret, Duration lifetime, SecureRandom random, Ids ids, Events events) {
    this.secret = secret.value().getBytes(StandardCharsets.UTF_8);
    this.lifetime = lifetime;
    this.random = random;
    this.ids = ids;
    this.events = events;
  }

  /**
   * Starts a session, which replaces the user's previous one.
   *
   * @param tx acts for the user, whose row is locked
   * @return its first token
   */
  String start(Tx tx, ClientInfo client) {
    byte[] first = new byte[SECRET_BYTES];
    random.nextBytes(first);
    String token = token(tx.userId(), first);
    tx.sql("account.replace_refresh_token").atCommit();
    add(tx, token, ids.next(), 0, client);
    return token;
  }

  /**
   * Exchanges a token for its successor.
   *
   * @param tx the system's
   * @return empty if the token is refused; the caller must commit all the same, because a stolen
   *     token's family has been revoked
   */
  Optional<Rotated> rotate(Tx tx, String token, ClientInfo client) {
    Optional<UUID> userId = userId(token);
    if (userId.isEmpty()) {
      return Optional.empty();
    }
    Tx acting = tx.actingFor(userId.get());
    Optional<LockedUser> owner = lock(acting);
    StoredToken stored = owner.isEmpty() ? null : find(acting, token).orElse(null);
    if (owner.isEmpty() || stored == null || !stored.isValid(acting.now())) {
      return Optional.empty();
    }
    String successor =
        token(acting.userId(), Sha256.hmac(secret, token.getBytes(StandardCharsets.UTF_8)));
    Optional<Rotated> rotated =
        Optional.of(new Rotated(acting.userId(), stored.subject(), owner.get(), successor));
    Instant rotatedAt = stored.rotatedAt();
    if (rotatedAt == null) {
      acting.sql("account.rotate_refresh_token").bind("token_hash", Sha256.hash(token)).atCommit();
      add(acting, successor, stored.family(), stored.seq() + 1, client);
      return rotated;
    }
    if (stored.precedesActive() && !acting.now().isAfter(rotatedAt.plus(GRACE))) {
      // No match means that the configured secret has changed, not that the token was stolen.
      return MessageDigest.isEqual(Sha256.hash(successor), stored.activeHash())
          ? rotated
          : Optional.empty();
    }
    revokeStolen(acting, stored.family());
    return Optional.empty();
  }

  /**
   * Ends the session of the token, which may be an older one. Does nothing if there is no session.
   *
   * @param tx the system's
   */
  void logOut(Tx tx, String token) {
    Optional<UUID> userId = userId(token);
    if (userId.isEmpty()) {
      return;
    }
    Tx acting = tx.actingFor(userId.get(), Actor.Source.USER);
    lock(acting)
        .flatMap(_ -> find(acting, token))
        .filter(stored -> stored.isValid(acting.now()))
        .ifPresent(
            stored -> {
              revoke(acting, stored.family(), "logged_out");
              events.emit(acting, new Event.UserLoggedOut(acting.userId()));
            });
  }

  /**
   * Deletes tokens that were rotated or revoked or have expired more than a week ago.
   *
   * @param tx the system's
   * @return the number of deleted tokens, at most {@code batch}
   */
  int deleteSpent(Tx tx, int batch) {
    Instant horizon = tx.now().minus(RETENTION);
    return tx.sql("account.delete_spent_refresh_tokens")
        .bind("horizon", horizon)
        .bind("bound", horizon.plus(lifetime))
        .bind("count", batch)
        .run();
  }

  private void revokeStolen(Tx tx, UUID family) {
    LOG.log(
        System.Logger.Level.WARNING,
        "refresh token reused: session {0} of user {1} revoked",
        family,
        tx.userId());
    revoke(tx, family, "theft");
    events.emit(tx, new Event.UserSessionRevoked(tx.userId(), family));
  }

  private static void revoke(Tx tx, UUID family, String reason) {
    tx.sql("account.revoke_family").bind("family", family).bind("reason", reason).atCommit();
  }

  private void add(Tx tx, String token, UUID family, int seq, ClientInfo client) {
    tx.sql("account.add_refresh_token")
        .bind("token_hash", Sha256.hash(token))
        .bind("family", family)
        .bind("seq", seq)
        .bind("expires_at", tx.now().plus(lifetime))
        .bind("device_info", client.userAgent())
        .atCommit();
  }

  /** Unlike {@link Tx#lockOwner}, permits that the account was deleted. */
  private static Optional<LockedUser> lock(Tx tx) {
    return tx.sql("owner.lock").one(LockedUser::of);
  }

  private static Optional<StoredToken> find(Tx tx, String token) {
    return tx.sql("account.find_refresh_token")
        .bind("token_hash", Sha256.hash(token))
        .one(StoredToken::of);
  }

  private static Optional<UUID> userId(String token) {
    Matcher form = FORM.matcher(token);
    return form.matches() ? Optional.of(UUID.fromString(form.group(1))) : Optional.empty();
  }

  private static String token(UUID userId, byte[] secret) {
    return userId + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }
}

package app.perpetua.flow.account;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
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
 * Any other reuse means that the token was stolen, and revokes its family, the session.
 * Thread-safe.
 */
final class RefreshTokens {
  /** How long a rotated token may be repeated. */
  static final Duration GRACE = Duration.ofSeconds(10);

  /** How long spent tokens are stored, to detect reuse. */
  private static final Duration RETENTION = Duration.ofDays(7);

  private static final int SECRET_BYTES = 32;

  /** 43 characters hold 32 bytes. */
  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.[A-Za-z0-9_-]{43}");

  /**
   * @param session the token family
   * @param subject the user's Google subject
   * @param token the successor
   */
  record Rotated(UUID userId, UUID session, String subject, LockedUser owner, String token) {}

  /** A session's first token. */
  record Started(UUID session, String token) {}

  private record StoredToken(
      SessionStart session,
      int seq,
      Instant expiresAt,
      @Nullable Instant rotatedAt,
      @Nullable Instant revokedAt,
      @Nullable Integer activeSeq,
      byte @Nullable [] activeHash,
      String subject) {
    static StoredToken of(Row row) {
      UUID deviceId = row.uuidOrNull("device_id");
      return new StoredToken(
          new SessionStart(
              row.uuid("family"),
              deviceId == null ? null : new Device(deviceId, row.text("device_name")),
              row.instant("started_at")),
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
  private final Sessions sessions;

  /**
   * @param secret derives successors; the same on all instances
   * @param random generates the secrets of first tokens
   */
  RefreshTokens(Secret secret, Duration lifetime, SecureRandom random, Ids ids, Sessions sessions) {
    this.secret = secret.value().getBytes(StandardCharsets.UTF_8);
    this.lifetime = lifetime;
    this.random = random;
    this.ids = ids;
    this.sessions = sessions;
  }

  /**
   * Starts a session, which replaces the previous one of the same device (FR-137).
   *
   * @param tx acts for the user, whose row is locked
   * @param device null for a client that names none; its session replaces the one without a device
   */
  Started start(Tx tx, ClientInfo client, @Nullable Device device) {
    byte[] first = new byte[SECRET_BYTES];
    random.nextBytes(first);
    String token = token(tx.userId(), first);
    SessionStart session = new SessionStart(ids.next(), device, tx.now());
    sessions.makeRoom(tx, device == null ? null : device.id());
    add(tx, token, session, 0, client);
    return new Started(session.id(), token);
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
        Optional.of(
            new Rotated(
                acting.userId(), stored.session().id(), stored.subject(), owner.get(), successor));
    Instant rotatedAt = stored.rotatedAt();
    if (rotatedAt == null) {
      acting.sql("account.rotate_refresh_token").bind("token_hash", Sha256.hash(token)).atCommit();
      add(acting, successor, stored.session(), stored.seq() + 1, client);
      return rotated;
    }
    if (stored.precedesActive() && !acting.now().isAfter(rotatedAt.plus(GRACE))) {
      // No match means that the configured secret has changed, not that the token was stolen.
      return MessageDigest.isEqual(Sha256.hash(successor), stored.activeHash())
          ? rotated
          : Optional.empty();
    }
    sessions.endStolen(acting, stored.session());
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
        .ifPresent(stored -> sessions.logOut(acting, stored.session().id()));
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

  private void add(Tx tx, String token, SessionStart session, int seq, ClientInfo client) {
    Device device = session.device();
    tx.sql("account.add_refresh_token")
        .bind("token_hash", Sha256.hash(token))
        .bind("family", session.id())
        .bind("seq", seq)
        .bind("expires_at", tx.now().plus(lifetime))
        .bind("device_id", device == null ? null : device.id())
        .bind("device_name", device == null ? null : device.name())
        .bind("device_info", client.userAgent())
        .bind("address", client.ip())
        .bind("started_at", session.at())
        .atCommit();
    sessions.confirm(session.id());
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

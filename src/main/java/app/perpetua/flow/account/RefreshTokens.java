package app.perpetua.flow.account;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Refresh tokens, rotated on every use (FR-003; RFC 9700, section 4.14.2). A token is {@code <user
 * id>.<secret>}; only its SHA-256 is stored. A successor's secret is derived from the token it
 * follows, so that a repeat, after a lost answer, a crash or from a second tab, gets the very same
 * successor without its being kept anywhere. A repeat that cannot be explained that way means that
 * two parties hold the family's tokens: the whole family ends. Thread-safe.
 */
public final class RefreshTokens {
  /** How long a token's repeat is taken for an accident. */
  static final Duration GRACE = Duration.ofSeconds(10);

  /** How long a spent token is remembered, so that its thief is recognised. */
  private static final Duration KEPT = Duration.ofDays(7);

  private static final System.Logger LOG = System.getLogger(RefreshTokens.class.getName());
  private static final String HMAC = "HmacSHA256";
  private static final int SECRET_BYTES = 32;

  /** 43 characters hold 32 bytes. */
  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.[A-Za-z0-9_-]{43}");

  /** What became of a presented token. */
  public sealed interface Rotation {}

  /**
   * It was exchanged.
   *
   * @param userId whose session it is
   * @param owner the user's row
   * @param token the successor
   */
  public record Rotated(UUID userId, LockedUser owner, String token) implements Rotation {}

  /**
   * It was not. If that was for theft, the transaction has ended the family and must commit all the
   * same.
   */
  public record Refused() implements Rotation {}

  private record Presented(
      UUID family,
      int seq,
      Instant expiresAt,
      @Nullable Instant rotatedAt,
      @Nullable Instant revokedAt,
      @Nullable Integer activeSeq,
      byte @Nullable [] activeHash) {
    static Presented of(Row row) {
      return new Presented(
          row.uuid("family"),
          row.integer("seq"),
          row.instant("expires_at"),
          row.instantOrNull("rotated_at"),
          row.instantOrNull("revoked_at"),
          row.integerOrNull("active_seq"),
          row.bytesOrNull("active_hash"));
    }

    /** Neither expired nor of a session that has ended. */
    boolean counts(Instant now) {
      return revokedAt == null && activeSeq != null && now.isBefore(expiresAt);
    }

    boolean isPredecessor() {
      return activeSeq != null && activeSeq == seq + 1;
    }
  }

  private final SecretKeySpec key;
  private final Duration lifetime;
  private final SecureRandom random;
  private final Ids ids;
  private final Events events;

  /**
   * @param secret derives successors; all instances share it
   * @param lifetime how long a token may wait for its use
   * @param random makes first secrets
   */
  public RefreshTokens(
      Secret secret, Duration lifetime, SecureRandom random, Ids ids, Events events) {
    this.key = new SecretKeySpec(secret.value().getBytes(StandardCharsets.UTF_8), HMAC);
    this.lifetime = lifetime;
    this.random = random;
    this.ids = ids;
    this.events = events;
  }

  /**
   * Starts a session in place of the one there may be.
   *
   * @param tx acts for the user, whose row is locked
   * @return its first token
   */
  String start(Tx tx, ClientInfo device) {
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    String token = token(tx.userId(), secret);
    tx.sql("account.replace_refresh_token").atCommit();
    add(tx, token, ids.next(), 0, device);
    return token;
  }

  /**
   * Exchanges a token for its successor.
   *
   * @param tx the system's
   */
  public Rotation rotate(Tx tx, String token, ClientInfo device) {
    Optional<UUID> userId = userId(token);
    if (userId.isEmpty()) {
      return new Refused();
    }
    Tx acting = tx.actingFor(userId.get());
    Optional<LockedUser> owner = lock(acting);
    Presented presented = owner.isEmpty() ? null : find(acting, token).orElse(null);
    if (owner.isEmpty() || presented == null || !presented.counts(acting.now())) {
      return new Refused();
    }
    String successor = token(acting.userId(), hmac(token));
    Instant rotatedAt = presented.rotatedAt();
    if (rotatedAt == null) {
      acting.sql("account.rotate_refresh_token").bind("token_hash", Sha256.of(token)).atCommit();
      add(acting, successor, presented.family(), presented.seq() + 1, device);
      return new Rotated(acting.userId(), owner.get(), successor);
    }
    if (presented.isPredecessor() && !acting.now().isAfter(rotatedAt.plus(GRACE))) {
      // Another secret made the successor if it does not match: nothing to suspect, nothing to
      // give.
      return MessageDigest.isEqual(Sha256.of(successor), presented.activeHash())
          ? new Rotated(acting.userId(), owner.get(), successor)
          : new Refused();
    }
    endForTheft(acting, presented.family());
    return new Refused();
  }

  /**
   * Ends the session that the token belongs to, be it its newest or an earlier one. Does nothing if
   * there is none.
   *
   * @param tx the system's
   */
  public void end(Tx tx, String token) {
    Optional<UUID> userId = userId(token);
    if (userId.isEmpty()) {
      return;
    }
    Tx acting = tx.actingFor(userId.get(), Actor.Source.USER);
    if (lock(acting).isEmpty()) {
      return;
    }
    Optional<Presented> presented = find(acting, token).filter(p -> p.counts(acting.now()));
    if (presented.isPresent()) {
      revoke(acting, presented.get().family(), "logged_out");
      events.emit(acting, new Event.UserLoggedOut(acting.userId()));
    }
  }

  /**
   * Deletes tokens that were rotated or revoked, or have expired, more than a week ago.
   *
   * @param tx the system's
   * @return how many, at most {@code batch}
   */
  public int deleteSpent(Tx tx, int batch) {
    Instant horizon = tx.now().minus(KEPT);
    return tx.sql("account.delete_spent_refresh_tokens")
        .bind("horizon", horizon)
        .bind("bound", horizon.plus(lifetime))
        .bind("count", batch)
        .run();
  }

  private void endForTheft(Tx tx, UUID family) {
    LOG.log(
        System.Logger.Level.WARNING,
        "refresh token reused: session {0} of user {1} ended",
        family,
        tx.userId());
    revoke(tx, family, "theft");
    events.emit(tx, new Event.UserSessionRevoked(tx.userId(), family));
  }

  private static void revoke(Tx tx, UUID family, String reason) {
    tx.sql("account.revoke_family").bind("family", family).bind("reason", reason).atCommit();
  }

  private void add(Tx tx, String token, UUID family, int seq, ClientInfo device) {
    tx.sql("account.add_refresh_token")
        .bind("token_hash", Sha256.of(token))
        .bind("family", family)
        .bind("seq", seq)
        .bind("expires_at", tx.now().plus(lifetime))
        .bind("device_info", device.userAgent())
        .atCommit();
  }

  /** Not {@link Tx#lockOwner}: here a missing account is just another token that does not count. */
  private static Optional<LockedUser> lock(Tx tx) {
    return tx.sql("owner.lock").one(LockedUser::of);
  }

  private static Optional<Presented> find(Tx tx, String token) {
    return tx.sql("account.find_refresh_token")
        .bind("token_hash", Sha256.of(token))
        .one(Presented::of);
  }

  private static Optional<UUID> userId(String token) {
    Matcher form = FORM.matcher(token);
    return form.matches() ? Optional.of(UUID.fromString(form.group(1))) : Optional.empty();
  }

  private static String token(UUID userId, byte[] secret) {
    return userId + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }

  private byte[] hmac(String token) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      return mac.doFinal(token.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has " + HMAC, e);
    }
  }
}

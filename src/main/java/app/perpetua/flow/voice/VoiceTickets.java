package app.perpetua.flow.voice;

import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Tx;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One-time tickets with which browsers, which cannot set headers of a WebSocket, authenticate a
 * live session (FR-072). A ticket may appear in logs of proxies, because it is worthless after its
 * use. Only its SHA-256 is stored. Tickets expire by the database's clock, which all instances
 * share. Thread-safe.
 */
final class VoiceTickets {
  /** Enough to open a connection. */
  private static final Duration LIFETIME = Duration.ofSeconds(30);

  private static final int BYTES = 32;

  /** 43 characters hold 32 bytes. */
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{43}");

  /**
   * A ticket for its user.
   *
   * @param expiresIn seconds, rounded up
   */
  record Ticket(String ticket, long expiresIn) {}

  /**
   * To whom a ticket was issued.
   *
   * @param sessionId null if it was requested with a token of an earlier release
   */
  record Holder(UUID userId, @Nullable UUID sessionId) {}

  private final SecureRandom random;

  VoiceTickets(SecureRandom random) {
    this.random = random;
  }

  /**
   * Issues a ticket to the acting user.
   *
   * @param token with which it was requested; the ticket outlives neither it nor its session
   */
  Ticket issue(Tx tx, Principal token) {
    byte[] secret = new byte[BYTES];
    random.nextBytes(secret);
    String ticket = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    long tokenMillis = Duration.between(tx.now(), token.expiresAt()).toMillis();
    long millis = Math.clamp(tokenMillis, 1, LIFETIME.toMillis());
    tx.sql("voice.add_ticket")
        .bind("ticket_hash", Sha256.hash(ticket))
        .bind("session_id", token.sessionId())
        .bind("lifetime_ms", millis)
        .atCommit();
    return new Ticket(ticket, Math.ceilDiv(millis, 1_000L));
  }

  /**
   * Uses a ticket up; of several callers, in any instance, one succeeds.
   *
   * @param tx the system's
   * @return to whom it was issued; empty if it is unknown, used, expired or the account was deleted
   */
  Optional<Holder> redeem(Tx tx, String ticket) {
    return FORM.matcher(ticket).matches()
        ? tx.sql("voice.redeem_ticket")
            .bind("ticket_hash", Sha256.hash(ticket))
            .one(row -> new Holder(row.uuid("user_id"), row.uuidOrNull("session_id")))
        : Optional.empty();
  }

  /**
   * Deletes expired tickets.
   *
   * @param tx the system's
   * @return the number of deleted tickets, at most {@code batch}
   */
  int deleteExpired(Tx tx, int batch) {
    return tx.sql("voice.delete_expired_tickets").bind("count", batch).run();
  }
}

package app.perpetua.flow.tokens;

import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Tx;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;

/** Notifies the user that a token will expire, unless it was revoked (FR-157). Thread-safe. */
final class ExpiryNoticeJob implements TransactionalHandler {
  /** The key is the token's id. */
  static final String KIND = "token_expiry_notice";

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH);

  private final Notifications notifications;

  ExpiryNoticeJob(Notifications notifications) {
    this.notifications = notifications;
  }

  @Override
  public Next run(Tx tx, Job job) {
    UUID id = UUID.fromString(job.key());
    tx.sql("tokens.find_token")
        .bind("id", id)
        .one(PersonalToken::of)
        .filter(token -> tx.now().isBefore(token.expiresAt()))
        .ifPresent(token -> notify(tx, token));
    return new Next.Done();
  }

  private void notify(Tx tx, PersonalToken token) {
    ZoneId zone = ZoneId.of(tx.owner().timezone());
    notifications.add(
        tx,
        Notification.Type.SYSTEM,
        "An access token expires soon",
        "The token “"
            + token.name()
            + "” expires on "
            + DATE.format(token.expiresAt().atZone(zone))
            + ". Create a new one for the programs that use it.",
        null,
        null,
        "token_expiry:" + token.id(),
        true);
  }
}

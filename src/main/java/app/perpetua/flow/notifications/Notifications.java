package app.perpetua.flow.notifications;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.text.BreakIterator;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What users are told (FR-055 to FR-057). Thread-safe. */
public final class Notifications {
  /**
   * A page of notifications.
   *
   * @param unread number of the user's unread notifications, on this page or not
   */
  public record Inbox(Page<Notification> page, int unread) {}

  /** The kind of the job that sends one notification to one browser. */
  public static final String PUSH_SEND = "push_send";

  private static final int TITLE = 100;
  private static final int BODY = 500;

  private final Ids ids;
  private final Jobs jobs;

  public Notifications(Ids ids, Jobs jobs) {
    this.ids = ids;
    this.jobs = jobs;
  }

  /**
   * Tells the acting user something, once this transaction commits. Nothing happens if they were
   * told under this key before, however long ago, and even if they have deleted it since.
   *
   * @param tx acts for the user, whose row is locked
   * @param title not blank; cut to 100 code points, never within a character as readers see it
   * @param body cut to 500 code points likewise
   * @param actionUrl where it leads, at most 4096 code points; null for nowhere
   * @param taskId the task it is about; null if about none
   * @param dedupKey what it is about, 1 to 200 code points ({@code reminder:<id>}); null if the
   *     user may be told again
   * @param push whether to push it, too, to every browser that the user has subscribed
   */
  public void add(
      Tx tx,
      Notification.Type type,
      String title,
      String body,
      @Nullable String actionUrl,
      @Nullable UUID taskId,
      @Nullable String dedupKey,
      boolean push) {
    UUID id = ids.next();
    tx.sql("notifications.insert_notification")
        .bind("id", id)
        .bind("type", type)
        .bind("title", cut(title, TITLE))
        .bind("body", cut(body, BODY))
        .bind("action_url", actionUrl)
        .bind("task_id", taskId)
        .bind("dedup_key", dedupKey)
        .atCommit();
    if (push) {
      tx.sql("notifications.find_push_targets")
          .bind("dedup_key", dedupKey)
          .list(row -> row.uuid("id"))
          .forEach(subscription -> enqueue(tx, id, subscription));
    }
  }

  /**
   * A page of the user's notifications, newest first.
   *
   * @param unreadOnly leaves out what was read
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Inbox list(Tx tx, boolean unreadOnly, PageRequest page) {
    record Counts(int total, int unread) {}
    OneToMany<Counts, Notification> found =
        tx.sql("notifications.list_notifications")
            .bind("unread_only", unreadOnly)
            .bind("offset", page.offset())
            .bind("limit", page.limit())
            .oneToMany(
                row -> new Counts(row.integer("total"), row.integer("unread")), Notification::of);
    return new Inbox(new Page<>(page, found.many(), found.one().total()), found.one().unread());
  }

  /**
   * Marks one as read (FR-057); one that was read stays as it was.
   *
   * @throws Refusal {@code FORBIDDEN} if it is another user's, {@code NOT_FOUND}
   */
  public Notification markRead(Tx tx, UUID id) {
    Notification found =
        tx.sql("notifications.find_notification")
            .bind("id", id)
            .one(Notification::of)
            .orElseThrow(() -> missing(tx, id));
    if (found.read()) {
      return found;
    }
    tx.sql("notifications.mark_read").bind("id", id).atCommit();
    return found.readAt(tx.now());
  }

  /**
   * Marks all as read.
   *
   * @return how many were not
   */
  public int markAllRead(Tx tx) {
    return tx.sql("notifications.mark_all_read").run();
  }

  /**
   * Deletes one. The user is not told the same again.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public void delete(Tx tx, UUID id) {
    if (tx.sql("notifications.delete_notification")
        .bind("id", id)
        .one(row -> row.uuid("id"))
        .isEmpty()) {
      throw missing(tx, id);
    }
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("notifications.find_notification_owner", "notification", id);
  }

  private void enqueue(Tx tx, UUID notification, UUID subscription) {
    jobs.enqueue(
        tx,
        PUSH_SEND,
        notification + ":" + subscription,
        tx.now(),
        Map.of("notification_id", notification, "subscription_id", subscription));
  }

  private static String cut(String text, int most) {
    if (text.codePointCount(0, text.length()) <= most) {
      return text;
    }
    int end = text.offsetByCodePoints(0, most);
    BreakIterator characters = BreakIterator.getCharacterInstance(Locale.ROOT);
    characters.setText(text);
    int whole = characters.isBoundary(end) ? end : characters.preceding(end);
    // One character may have more code points than there is room for.
    return text.substring(0, whole > 0 ? whole : end);
  }
}

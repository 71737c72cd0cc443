package app.perpetua.flow.notifications;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.PageWith;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.text.BreakIterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Notifications in the app (FR-055 to FR-057). Methods that take an id refuse another user's row
 * with {@code FORBIDDEN} and a missing one with {@code NOT_FOUND}. Thread-safe.
 */
public final class Notifications {
  /** A page of notifications, and the number of all unread ones. */
  record Inbox(Page<Notification> page, int unread) {}

  /** The kind of {@link PushSendJob}; its key consists of both ids. */
  static final String PUSH_SEND = "push_send";

  private static final int MAX_TITLE = 100;
  private static final int MAX_BODY = 500;

  private final Ids ids;
  private final Jobs jobs;
  private final Pages pages;

  public Notifications(Ids ids, Jobs jobs, Pages pages) {
    this.ids = ids;
    this.jobs = jobs;
    this.pages = pages;
  }

  /** The pages that notifications open. */
  public Pages pages() {
    return pages;
  }

  /**
   * Notifies the acting user when the transaction commits. Has no effect if the user ever had a
   * notification with the same key, deleted or not.
   *
   * @param tx acts for the user, whose row is locked
   * @param title not blank; truncated to 100 code points, at a grapheme boundary
   * @param body truncated to 500 code points likewise
   * @param actionUrl the page that it opens, at most 4096 code points; null for none
   * @param taskId null for none
   * @param dedupKey 1 to 200 code points ({@code reminder:<id>}); null permits repetitions
   * @param push whether to push it to all of the user's subscribed browsers as well
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
        .bind("title", truncate(title, MAX_TITLE))
        .bind("body", truncate(body, MAX_BODY))
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

  /** Deletes the acting user's notifications with these keys, which may be used again. */
  public void withdraw(Tx tx, List<String> dedupKeys) {
    tx.sql("notifications.withdraw").bind("dedup_keys", dedupKeys.toArray(String[]::new)).run();
  }

  /** A page of the user's notifications, newest first; refuses a deleted account. */
  Inbox list(Tx tx, boolean unreadOnly, PageRequest page) {
    Query query =
        unreadOnly
            ? tx.sql("notifications.list_unread_notifications")
            : tx.sql("notifications.list_notifications");
    PageWith<Integer, Notification> found =
        query.pageWith(
            page,
            PageRequest.Position.beforeDescending("infinity"),
            row -> row.integer("unread"),
            Notification::of);
    return new Inbox(found.page(), found.beside());
  }

  /** Marks a notification as read (FR-057). Does nothing if it is. */
  Notification markRead(Tx tx, UUID id) {
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

  /** Marks all notifications as read; returns how many were unread. */
  int markAllRead(Tx tx) {
    return tx.sql("notifications.mark_all_read").run();
  }

  /** Deletes a notification. Its key stays in use. */
  void delete(Tx tx, UUID id) {
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

  private static String truncate(String text, int max) {
    if (text.codePointCount(0, text.length()) <= max) {
      return text;
    }
    int end = text.offsetByCodePoints(0, max);
    BreakIterator graphemes = BreakIterator.getCharacterInstance(Locale.ROOT);
    graphemes.setText(text);
    int boundary = graphemes.isBoundary(end) ? end : graphemes.preceding(end);
    // A single grapheme may have more code points than the maximum.
    return text.substring(0, boundary > 0 ? boundary : end);
  }
}

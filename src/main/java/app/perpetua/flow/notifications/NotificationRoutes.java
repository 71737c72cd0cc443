package app.perpetua.flow.notifications;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of notifications. */
final class NotificationRoutes {
  private final Notifications notifications;

  NotificationRoutes(Notifications notifications) {
    this.notifications = notifications;
  }

  /** GET /notifications. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    boolean unreadOnly = Boolean.TRUE.equals(query.bool("unread_only"));
    PageRequest page = query.pageOrCursor();
    query.validate();
    return tx -> {
      Notifications.Inbox inbox = notifications.list(tx, unreadOnly, page);
      return Reply.page(inbox.page(), Map.of("unread_count", inbox.unread()));
    };
  }

  /** PATCH /notifications/{id}/read. */
  Function<Tx, Reply> markRead(Request request) {
    UUID id = request.pathId("id");
    request.body().validate();
    return tx -> Reply.ok(notifications.markRead(tx, id));
  }

  /** POST /notifications/read-all. */
  Function<Tx, Reply> markAllRead(Request request) {
    request.body().validate();
    return tx -> Reply.ok(Map.of("marked_count", notifications.markAllRead(tx)));
  }

  /** DELETE /notifications/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      notifications.delete(tx, id);
      return Reply.noContent();
    };
  }
}

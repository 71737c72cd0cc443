package app.perpetua.flow.reminders;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Endpoints of reminders. */
final class ReminderRoutes {
  /** Minutes; 30 days. */
  private static final int MAX_OFFSET = 43_200;

  private final Reminders reminders;

  ReminderRoutes(Reminders reminders) {
    this.reminders = reminders;
  }

  /** GET /reminders. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    PageRequest.ByOffset page = query.page();
    query.validate();
    return tx -> Reply.page(reminders.list(tx, page));
  }

  /** GET /tasks/{id}/reminders. */
  Function<Tx, Reply> listOfTask(Request request) {
    UUID taskId = request.pathId("id");
    return tx -> Reply.ok(reminders.listOfTask(tx, taskId));
  }

  /** GET /reminders/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(reminders.get(tx, id));
  }

  /** POST /tasks/{id}/reminders. */
  Function<Tx, Reply> create(Request request) {
    UUID taskId = request.pathId("id");
    JsonReader body = request.body();
    ReminderDraft draft = draft(body, request.now());
    return tx -> {
      body.checkTime();
      return Reply.created(reminders.add(tx, taskId, draft));
    };
  }

  /** POST /reminders, with the task's id in the body. */
  Function<Tx, Reply> createWithTaskId(Request request) {
    JsonReader body = request.body().required("task_id");
    UUID taskId = body.uuid("task_id");
    ReminderDraft draft = draft(body, request.now());
    return tx -> {
      body.checkTime();
      return Reply.created(reminders.add(tx, Objects.requireNonNull(taskId), draft));
    };
  }

  /** PATCH /reminders/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "type", "scheduled_at", "method");
    Reminder.Type type = body.oneOf("type", Reminder.Type.class);
    ReminderPatch patch =
        new ReminderPatch(
            body.version(),
            type,
            offset(body, type),
            scheduledAt(body, type),
            body.oneOf("method", Reminder.Method.class));
    if (body.has("offset_minutes")
        && patch.offsetMinutes() == null
        && patch.type() != Reminder.Type.ABSOLUTE) {
      body.addError("offset_minutes", "must not be null unless type is absolute");
    }
    body.validate();
    return tx -> Reply.ok(reminders.patch(tx, id, patch));
  }

  /** DELETE /reminders/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      reminders.delete(tx, id);
      return Reply.noContent();
    };
  }

  private static ReminderDraft draft(JsonReader body, Instant now) {
    body.required("type").notNull("method");
    Reminder.Type type = body.oneOf("type", Reminder.Type.class);
    Integer offset = offset(body, type);
    Instant at = scheduledAt(body, type);
    Reminder.Method method = body.oneOf("method", Reminder.Method.class);
    if (type != null) {
      body.required(type == Reminder.Type.ABSOLUTE ? "scheduled_at" : "offset_minutes");
    }
    if (at != null && at.isBefore(now)) {
      body.addErrorOfNow("scheduled_at", Reminders.PAST);
    }
    body.validate();
    return new ReminderDraft(
        Objects.requireNonNull(type),
        offset,
        at,
        Objects.requireNonNullElse(method, Reminder.Method.IN_APP));
  }

  /** Ignores the sign: the type gives the direction. */
  private static @Nullable Integer offset(JsonReader body, Reminder.@Nullable Type type) {
    Integer offset = body.integer("offset_minutes", -MAX_OFFSET, MAX_OFFSET);
    if (offset == null) {
      return null;
    }
    if (type == Reminder.Type.ABSOLUTE) {
      body.addError("offset_minutes", Reminders.RELATIVE_ONLY);
    }
    return Math.abs(offset);
  }

  /**
   * Ignores a well-formed time if the type is relative: the published frontend sends the one that
   * it computed from the due date.
   */
  private static @Nullable Instant scheduledAt(JsonReader body, Reminder.@Nullable Type type) {
    Instant at = body.instant("scheduled_at");
    return type == null || type == Reminder.Type.ABSOLUTE ? at : null;
  }
}

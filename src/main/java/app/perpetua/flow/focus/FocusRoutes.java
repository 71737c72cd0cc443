package app.perpetua.flow.focus;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of focus sessions. */
final class FocusRoutes {
  private final FocusSessions sessions;

  FocusRoutes(FocusSessions sessions) {
    this.sessions = sessions;
  }

  /** POST /focus/start. */
  Function<Tx, Reply> start(Request request) {
    JsonReader body = request.body().required("task_id");
    UUID taskId = body.uuid("task_id");
    body.validate();
    return tx -> Reply.ok(sessions.start(tx, Objects.requireNonNull(taskId)));
  }

  /** POST /focus/end. */
  Function<Tx, Reply> end(Request request) {
    JsonReader body = request.body().required("task_id").notNull("duration_seconds");
    UUID taskId = body.uuid("task_id");
    Integer seconds = body.integer("duration_seconds", 0, Integer.MAX_VALUE);
    body.validate();
    return tx -> Reply.ok(sessions.end(tx, Objects.requireNonNull(taskId), seconds));
  }

  /** GET /focus/active. */
  Function<Tx, Reply> active(Request request) {
    return tx -> Reply.ok(sessions.active(tx).orElse(null));
  }
}

package app.perpetua.flow.account;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of the user's sessions. */
final class SessionRoutes {
  private final Sessions sessions;

  SessionRoutes(Sessions sessions) {
    this.sessions = sessions;
  }

  /** GET /sessions. */
  Function<Tx, Reply> list(Request request) {
    UUID current = request.principal().sessionId();
    return tx -> Reply.ok(sessions.list(tx, current));
  }

  /** DELETE /sessions/{id}. */
  Function<Tx, Reply> end(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      sessions.end(tx, id);
      return Reply.noContent();
    };
  }

  /** DELETE /sessions. */
  Function<Tx, Reply> endOthers(Request request) {
    UUID current = request.principal().sessionId();
    return tx -> {
      sessions.endOthers(tx, current);
      return Reply.noContent();
    };
  }
}

package app.perpetua.flow.undo;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** The endpoint that undoes changes. */
final class UndoRoutes {
  private final Undo undo;

  UndoRoutes(Undo undo) {
    this.undo = undo;
  }

  /** POST /activity/{id}/undo. */
  Function<Tx, Reply> undo(Request request) {
    UUID id = request.pathId("id");
    request.body().validate();
    return tx -> Reply.ok(undo.undo(tx, id));
  }
}

package app.perpetua.flow.recovery;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints that list and undo deletions. */
final class RecoveryRoutes {
  private final Recovery recovery;

  RecoveryRoutes(Recovery recovery) {
    this.recovery = recovery;
  }

  /** GET /recovery/tombstones. */
  Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(recovery.list(tx));
  }

  /** POST /recovery/tombstones/{id}/recover. */
  Function<Tx, Reply> recover(Request request) {
    UUID id = request.pathId("id");
    request.body().validate();
    return tx -> Reply.ok(recovery.recover(tx, id));
  }

  /** POST /tasks/recover/{tombstone_id}. */
  Function<Tx, Reply> recoverTask(Request request) {
    UUID id = request.pathId("tombstone_id");
    request.body().validate();
    return tx -> Reply.ok(recovery.recoverTask(tx, id));
  }
}

package app.perpetua.flow.recovery;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints that list and undo deletions. */
public final class RecoveryRoutes {
  private final Recovery recovery;

  public RecoveryRoutes(Recovery recovery) {
    this.recovery = recovery;
  }

  /** GET /recovery/tombstones. */
  public Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(recovery.list(tx));
  }

  /** POST /recovery/tombstones/{id}/recover. */
  public Function<Tx, Reply> recover(Request request) {
    UUID id = request.pathId("id");
    request.body().validate();
    return tx -> Reply.ok(recovery.recover(tx, id));
  }

  /** POST /tasks/recover/{tombstone_id}. */
  public Function<Tx, Reply> recoverTask(Request request) {
    UUID id = request.pathId("tombstone_id");
    request.body().validate();
    return tx -> Reply.ok(recovery.recoverTask(tx, id));
  }
}

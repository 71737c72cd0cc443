package app.perpetua.flow.sync;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Endpoints of synchronization. */
final class SyncRoutes {
  private static final int DEFAULT_LIMIT = 100;

  /** More than of other lists, because a snapshot contains everything. */
  private static final int MAX_LIMIT = 1_000;

  private record Answer(List<Sync.Change> changes, String token, boolean hasMore, boolean full) {}

  private final Sync sync;

  SyncRoutes(Sync sync) {
    this.sync = sync;
  }

  /** GET /sync. */
  Function<Tx, Reply> read(Request request) {
    QueryParameters query = request.query();
    Set<String> types = query.anyOf("types", sync.typeNames());
    PageRequest.Position signed =
        query.signed("token", "must be the token of an answer to this user, with the same types");
    int limit = query.integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
    Function<PageRequest.Position, String> signer = query.signer();
    query.validate();
    SyncToken token = signed == null ? null : SyncToken.of(signed);
    return tx -> {
      Sync.Part part = sync.read(tx, token, types, limit);
      return Reply.ok(
          new Answer(
              part.changes(), signer.apply(part.next().position()), part.hasMore(), part.full()));
    };
  }
}

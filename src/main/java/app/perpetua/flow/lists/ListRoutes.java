package app.perpetua.flow.lists;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Tx;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of lists, and of the order of tasks in them. */
final class ListRoutes {
  /** What becomes of the tasks of a deleted list. */
  private enum Contents implements WireName {
    MOVE,
    DELETE
  }

  private final Lists lists;
  private final ListDeletions deletions;
  private final Moves moves;

  ListRoutes(Lists lists, ListDeletions deletions, Moves moves) {
    this.lists = lists;
    this.deletions = deletions;
    this.moves = moves;
  }

  /** GET /lists. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    boolean archived = query.flag("archived");
    query.validate();
    return tx -> Reply.ok(lists.list(tx, archived));
  }

  /** GET /lists/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(lists.get(tx, id));
  }

  /** POST /lists. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().required("name");
    String name = body.text("name", 1, TaskList.MAX_NAME);
    body.validate();
    return tx -> Reply.created(lists.create(tx, Objects.requireNonNull(name)));
  }

  /** PATCH /lists/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "name", "position", "archived");
    TaskList.Patch patch =
        new TaskList.Patch(
            body.version(),
            body.text("name", 1, TaskList.MAX_NAME),
            Positions.read(body),
            body.bool("archived"));
    body.validate();
    return tx -> Reply.ok(lists.patch(tx, id, patch));
  }

  /** POST /lists/{id}/move. */
  Function<Tx, Reply> move(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body();
    Destination destination = Destination.read(body);
    body.validate();
    return tx -> Reply.ok(lists.move(tx, id, destination));
  }

  /** DELETE /lists/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    QueryParameters query = request.query();
    Contents tasks = query.oneOf("tasks", Contents.class);
    query.validate();
    return tx ->
        Reply.ok(
            tasks == Contents.DELETE
                ? deletions.deleteWithTasks(tx, id)
                : deletions.deleteMovingTasks(tx, id));
  }

  /** POST /tasks/{id}/move. */
  Function<Tx, Reply> moveTask(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version");
    Moves.Move move =
        new Moves.Move(
            body.version(), body.has("list_id"), body.uuid("list_id"), Destination.read(body));
    body.validate();
    return tx -> Reply.ok(moves.move(tx, id, move));
  }
}

package app.perpetua.flow.filters;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.Tx;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of saved filters. */
final class FilterRoutes {
  private final SavedFilters filters;

  FilterRoutes(SavedFilters filters) {
    this.filters = filters;
  }

  /** GET /filters. */
  Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(filters.list(tx));
  }

  /** GET /filters/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(filters.get(tx, id));
  }

  /** POST /filters. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().required("name", "query").notNull("position");
    String name = body.text("name", 1, SavedFilter.MAX_NAME);
    String query = body.text("query", 1, Filter.MAX_LENGTH);
    String position = Positions.read(body);
    body.validate();
    Filter filter = Filter.of(Objects.requireNonNull(query), "query");
    return tx -> Reply.created(filters.create(tx, Objects.requireNonNull(name), filter, position));
  }

  /** PATCH /filters/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "name", "query", "position");
    Integer version = body.version();
    String name = body.text("name", 1, SavedFilter.MAX_NAME);
    String query = body.text("query", 1, Filter.MAX_LENGTH);
    String position = Positions.read(body);
    body.validate();
    SavedFilter.Patch patch =
        new SavedFilter.Patch(
            version, name, query == null ? null : Filter.of(query, "query"), position);
    return tx -> Reply.ok(filters.patch(tx, id, patch));
  }

  /** DELETE /filters/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      filters.delete(tx, id);
      return Reply.noContent();
    };
  }
}

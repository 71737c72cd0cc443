package app.perpetua.flow.filters;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Endpoints of saved filters. */
final class FilterRoutes {
  private static final Pattern POSITION = Pattern.compile("[0-9A-Za-z]*[1-9A-Za-z]");
  private static final int MAX_POSITION = 200;

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
    String position = position(body);
    body.validate();
    Filter filter = parsed(Objects.requireNonNull(query));
    return tx -> Reply.created(filters.create(tx, Objects.requireNonNull(name), filter, position));
  }

  /** PATCH /filters/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "name", "query", "position");
    Integer version = body.version();
    String name = body.text("name", 1, SavedFilter.MAX_NAME);
    String query = body.text("query", 1, Filter.MAX_LENGTH);
    String position = position(body);
    body.validate();
    SavedFilter.Patch patch =
        new SavedFilter.Patch(version, name, query == null ? null : parsed(query), position);
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

  private static Filter parsed(String query) {
    try {
      return Filter.parse(query);
    } catch (FilterException e) {
      throw e.refusal("query");
    }
  }

  private static @Nullable String position(JsonReader body) {
    String position = body.text("position", 1, MAX_POSITION);
    if (position != null && !POSITION.matcher(position).matches()) {
      body.addError("position", "must be digits 0-9, A-Z and a-z, and not end in 0");
      return null;
    }
    return position;
  }
}

package app.perpetua.flow.lists;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Endpoints of labels. */
final class LabelRoutes {
  private static final Pattern COLOUR = Pattern.compile("#[0-9A-Fa-f]{6}");
  private static final int COLOUR_LENGTH = 7;

  private final Labels labels;

  LabelRoutes(Labels labels) {
    this.labels = labels;
  }

  /** GET /labels. */
  Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(labels.list(tx));
  }

  /** GET /labels/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(labels.get(tx, id));
  }

  /** POST /labels. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().required("name").notNull("colour");
    String name = body.text("name", 1, TaskList.MAX_NAME);
    String colour = colour(body);
    body.validate();
    return tx -> Reply.created(labels.create(tx, Objects.requireNonNull(name), colour));
  }

  /** PATCH /labels/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "name", "colour");
    Label.Patch patch =
        new Label.Patch(body.version(), body.text("name", 1, TaskList.MAX_NAME), colour(body));
    body.validate();
    return tx -> Reply.ok(labels.patch(tx, id, patch));
  }

  /** DELETE /labels/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      labels.delete(tx, id);
      return Reply.noContent();
    };
  }

  private static @Nullable String colour(JsonReader body) {
    String colour = body.text("colour", COLOUR_LENGTH, COLOUR_LENGTH);
    if (colour == null) {
      return null;
    }
    if (!COLOUR.matcher(colour).matches()) {
      body.addError("colour", "must be # and six hexadecimal digits");
      return null;
    }
    return colour.toLowerCase(Locale.ROOT);
  }
}

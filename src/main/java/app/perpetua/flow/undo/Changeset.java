package app.perpetua.flow.undo;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The rows that one change has changed, each once. Immutable; thread-safe. */
public final class Changeset {
  private record Key(String type, UUID id) {}

  /**
   * A row of the feed.
   *
   * @param before null for an inserted row, and for one of a type that undo does not restore
   */
  record Recorded(
      String type, UUID id, @Nullable Integer version, boolean deleted, @Nullable JsonNode before) {
    static Recorded of(Row row, Json json) {
      String before = row.textOrNull("before");
      return new Recorded(
          row.text("entity_type"),
          row.uuid("entity_id"),
          row.integerOrNull("version"),
          row.bool("deleted"),
          before == null ? null : json.parse(before));
    }

    private boolean inserted() {
      return before == null && !deleted;
    }
  }

  private final long change;
  private final List<ChangedRow> rows;

  private Changeset(long change, List<ChangedRow> rows) {
    this.change = change;
    this.rows = rows;
  }

  /**
   * @param change the number of the change
   * @param recorded in the order of the statements
   */
  static Changeset of(long change, List<Recorded> recorded) {
    Map<Key, List<Recorded>> byRow = new LinkedHashMap<>();
    for (Recorded row : recorded) {
      byRow.computeIfAbsent(new Key(row.type(), row.id()), _ -> new ArrayList<>()).add(row);
    }
    List<ChangedRow> rows = new ArrayList<>();
    byRow.forEach(
        (key, steps) -> {
          boolean existed = !steps.getFirst().inserted();
          boolean exists = !steps.getLast().deleted();
          if (existed || exists) {
            ObjectNode before = formerValues(steps);
            if (exists) {
              // Of a row that was deleted and restored.
              before.remove(List.of("version", "updated_at"));
            }
            rows.add(
                new ChangedRow(
                    key.type(),
                    key.id(),
                    !existed
                        ? ChangedRow.Kind.CREATED
                        : exists ? ChangedRow.Kind.UPDATED : ChangedRow.Kind.DELETED,
                    existed ? before : JsonNodeFactory.instance.objectNode(),
                    steps.getLast().version()));
          }
        });
    return new Changeset(change, List.copyOf(rows));
  }

  /** Of a column that changed several times, the first former value. */
  private static ObjectNode formerValues(List<Recorded> steps) {
    ObjectNode former = JsonNodeFactory.instance.objectNode();
    for (Recorded step : steps.reversed()) {
      if (step.before() != null) {
        step.before().properties().forEach(value -> former.set(value.getKey(), value.getValue()));
      }
    }
    return former;
  }

  /** The number of the change. */
  public long change() {
    return change;
  }

  /** The rows of a type, in the order of the statements. */
  public List<ChangedRow> of(String type) {
    return rows.stream().filter(row -> row.type().equals(type)).toList();
  }

  /** The rows of a type that the change has created, updated or deleted. */
  public List<ChangedRow> of(String type, ChangedRow.Kind kind) {
    return rows.stream().filter(row -> row.type().equals(type) && row.kind() == kind).toList();
  }

  /** The ids of the rows of a type that the change has created, updated or deleted. */
  public List<UUID> ids(String type, ChangedRow.Kind kind) {
    return of(type, kind).stream().map(ChangedRow::id).toList();
  }
}

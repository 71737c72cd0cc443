package app.perpetua.flow.imports;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.imports.readers.Filing;
import app.perpetua.flow.sql.Tx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The lists and labels of the tasks of a batch: those that the user has not are created, the others
 * are found by their names. Not thread-safe.
 */
final class Filings {
  private record Filed(Map<String, @Nullable Object> row, Filing filing) {}

  private final List<Filed> filed = new ArrayList<>();
  private final Map<String, Filing.InList> lists = new LinkedHashMap<>();
  private final Map<String, Filing.Labelled> labels = new LinkedHashMap<>();

  /** Remembers the row of a task, which {@link #resolve} completes. */
  void add(Map<String, @Nullable Object> row, Filing filing) {
    if (filing.equals(Filing.NONE)) {
      return;
    }
    filed.add(new Filed(row, filing));
    if (filing.list() != null) {
      lists.putIfAbsent(key(filing.list()), filing.list());
    }
    filing.labels().forEach(label -> labels.putIfAbsent(label.name(), label));
  }

  /** Two lists of an export may have the same name. */
  private static String key(Filing.InList list) {
    return list.id() == null ? list.name() : list.id().toString();
  }

  /** Creates what is missing, and gives the rows their list and labels. */
  void resolve(Tx tx, Ids ids, Json json) {
    List<Map<String, @Nullable Object>> listRows = new ArrayList<>();
    lists.forEach(
        (key, list) -> {
          Map<String, @Nullable Object> row = new HashMap<>();
          row.put("ref", key);
          row.put("id", ids.next());
          row.put("own", list.id());
          row.put("name", list.name());
          row.put("position", list.position());
          row.put("archived", list.archived());
          listRows.add(row);
        });
    List<Map<String, @Nullable Object>> labelRows = new ArrayList<>();
    labels.forEach(
        (name, label) -> {
          Map<String, @Nullable Object> row = new HashMap<>();
          row.put("ref", name);
          row.put("id", ids.next());
          row.put("name", name);
          row.put("colour", label.colour());
          labelRows.add(row);
        });
    Map<String, UUID> listIds =
        stored(tx, "imports.insert_lists", "imports.find_lists", listRows, json);
    Map<String, UUID> labelIds =
        stored(tx, "imports.insert_labels", "imports.find_labels", labelRows, json);
    for (Filed task : filed) {
      Filing.InList list = task.filing().list();
      task.row().put("list_id", list == null ? null : listIds.get(key(list)));
      task.row()
          .put(
              "label_ids",
              task.filing().labels().stream()
                  .map(label -> Objects.requireNonNull(labelIds.get(label.name())))
                  .distinct()
                  .toList());
    }
  }

  private static Map<String, UUID> stored(
      Tx tx, String insert, String find, List<Map<String, @Nullable Object>> rows, Json json) {
    Map<String, UUID> stored = new HashMap<>();
    if (!rows.isEmpty()) {
      String text = json.text(rows);
      tx.sql(insert).bind("rows", text).run();
      tx.sql(find).bind("rows", text).list(row -> stored.put(row.text("ref"), row.uuid("id")));
    }
    return stored;
  }
}

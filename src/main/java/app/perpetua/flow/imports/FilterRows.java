package app.perpetua.flow.imports;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterConfig;
import app.perpetua.flow.imports.readers.Entry;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.Tx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The saved filters of a batch, with the ids that the account has. Not thread-safe. */
final class FilterRows {
  private static final String FILTER = "filter";

  private final Tx tx;
  private final KnownEntries known;
  private final AccountNames names;
  private final int max;
  private final List<Map<String, Object>> rows = new ArrayList<>();

  FilterRows(Tx tx, KnownEntries known, AccountNames names, FilterConfig config) {
    this.tx = tx;
    this.known = known;
    this.names = names;
    this.max = config.max(tx.owner().tier());
  }

  /**
   * Adds a filter, also one that names what does not exist: it is usable once that exists.
   *
   * @param reasons gets what differs, and what is unknown
   * @return why it is not added, or null
   */
  @Nullable String add(UUID id, Entry.SavedFilter filter, List<String> reasons) {
    String text = filter.query().text();
    if (names.count(FILTER) >= max) {
      return "At most %d filters may exist. Its text: %s".formatted(max, text);
    }
    rows.add(
        Map.of(
            "id",
            id,
            "name",
            filter.name(),
            "query",
            filter.query().withIds(ids(filter.query(), reasons)).text(),
            "position",
            filter.position() == null
                ? Positions.of(tx.now().plusMillis(rows.size()))
                : filter.position()));
    List<String> unknown = new ArrayList<>();
    filter.query().names().lists().stream()
        .filter(name -> !names.contains("list", name))
        .forEach(name -> unknown.add("no list " + name));
    filter.query().names().labels().stream()
        .filter(name -> !names.contains("label", name))
        .forEach(name -> unknown.add("no label " + name));
    if (!unknown.isEmpty()) {
      reasons.add(
          "It cannot be used until it is changed: there is " + String.join(", ", unknown) + ".");
    }
    names.add(FILTER, filter.name(), id);
    return null;
  }

  private Map<UUID, UUID> ids(Filter query, List<String> reasons) {
    Map<UUID, UUID> ids = new HashMap<>();
    for (UUID there : query.ids()) {
      UUID here = null;
      for (String type : List.of("list", "label", "template")) {
        here = here == null ? known.get(type, there.toString()) : here;
      }
      if (here == null) {
        reasons.add("It refers to something that is not in the file: " + there + ".");
      } else {
        ids.put(there, here);
      }
    }
    return ids;
  }

  int count() {
    return rows.size();
  }

  void store(Json json) {
    if (!rows.isEmpty()) {
      tx.sql("imports.insert_filters").bind("rows", json.text(rows)).run();
    }
  }
}

package app.perpetua.flow.imports;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.imports.readers.Entry;
import app.perpetua.flow.imports.readers.Filing;
import app.perpetua.flow.imports.readers.Texts;
import app.perpetua.flow.lists.ListConfig;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Placement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The lists and labels of a batch, found by id in the source or by name, or added as far as the
 * limits of the plan allow; and the tasks and templates in them. Not thread-safe.
 */
final class Filings {
  private static final String LIST = "list";
  private static final String LABEL = "label";

  private final Tx tx;
  private final KnownEntries known;
  private final AccountNames names;
  private final int maxLists;
  private final int maxLabels;
  private final List<Map<String, @Nullable Object>> lists = new ArrayList<>();
  private final List<Map<String, @Nullable Object>> labels = new ArrayList<>();

  Filings(Tx tx, KnownEntries known, AccountNames names, ListConfig config) {
    this.tx = tx;
    this.known = known;
    this.names = names;
    LockedUser.Tier tier = tx.owner().tier();
    this.maxLists = config.maxLists(tier);
    this.maxLabels = config.maxLabels(tier);
  }

  /** Adds a list; returns why it is not added, or null. */
  @Nullable String add(UUID id, String sourceId, Entry.TaskList list) {
    String reason = reject(LIST, sourceId, list.name(), maxLists);
    if (reason == null) {
      Map<String, @Nullable Object> row = new HashMap<>();
      row.put("id", id);
      row.put("name", list.name());
      // In the order of the file.
      row.put(
          "position",
          list.position() == null
              ? Positions.of(tx.now().plusMillis(lists.size()))
              : list.position());
      row.put("archived", list.archived());
      lists.add(row);
      names.add(LIST, list.name(), id);
    }
    return reason;
  }

  /** Adds a label, as a list. */
  @Nullable String add(UUID id, String sourceId, Entry.Label label) {
    String reason = reject(LABEL, sourceId, label.name(), maxLabels);
    if (reason == null) {
      Map<String, @Nullable Object> row = new HashMap<>();
      row.put("id", id);
      row.put("name", label.name());
      row.put("colour", label.colour());
      labels.add(row);
      names.add(LABEL, label.name(), id);
    }
    return reason;
  }

  private @Nullable String reject(String type, String sourceId, String name, int max) {
    UUID existing = names.find(type, name);
    if (existing != null) {
      known.add(type, sourceId, existing);
      names.take(existing);
      return ImportWriter.KNOWN;
    }
    return names.count(type) < max
        ? null
        : "At most %d %ss may exist. The descriptions of its tasks name it.".formatted(max, type);
  }

  /**
   * Puts a task or template into its list and gives it its labels. Those that it cannot have are
   * named in its description.
   */
  void file(Map<String, @Nullable Object> row, Filing filing, List<String> reasons) {
    Filing.Named list = filing.list();
    UUID listId = list == null ? null : id(LIST, list);
    row.put("list_id", listId);
    if (list != null && listId == null) {
      keep(row, "List: " + list.name(), "Its list could not be added", reasons);
    }
    Set<UUID> labelIds = new LinkedHashSet<>();
    List<String> beyond = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (Filing.Named label : filing.labels()) {
      UUID id = id(LABEL, label);
      if (id == null) {
        missing.add(label.name());
      } else if (labelIds.size() < Placement.MAX_LABELS || labelIds.contains(id)) {
        labelIds.add(id);
      } else {
        beyond.add(label.name());
      }
    }
    row.put("label_ids", labelIds);
    if (!beyond.isEmpty()) {
      keep(
          row,
          "Labels: " + String.join(", ", beyond),
          "A task has at most " + Placement.MAX_LABELS + " labels",
          reasons);
    }
    if (!missing.isEmpty()) {
      keep(row, "Labels: " + String.join(", ", missing), "Labels could not be added", reasons);
    }
  }

  private @Nullable UUID id(String type, Filing.Named named) {
    UUID id = known.get(type, named.id());
    return id == null ? names.find(type, named.name()) : id;
  }

  private static void keep(
      Map<String, @Nullable Object> row, String line, String why, List<String> reasons) {
    String description = String.valueOf(row.get("description"));
    String longer = description.isEmpty() ? line : description + "\n\n" + line;
    if (Texts.fits(longer, Texts.LONG_TEXT)) {
      row.put("description", longer);
      reasons.add(why + "; the description has: " + line + ".");
    } else {
      reasons.add(why + ". " + line + ".");
    }
  }

  int addedLists() {
    return lists.size();
  }

  int addedLabels() {
    return labels.size();
  }

  void store(Json json) {
    if (!lists.isEmpty()) {
      tx.sql("imports.insert_lists").bind("rows", json.text(lists)).run();
    }
    if (!labels.isEmpty()) {
      tx.sql("imports.insert_labels").bind("rows", json.text(labels)).run();
    }
  }
}

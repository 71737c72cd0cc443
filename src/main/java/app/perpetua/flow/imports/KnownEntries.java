package app.perpetua.flow.imports;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.imports.readers.Entry;
import app.perpetua.flow.imports.readers.Filing;
import app.perpetua.flow.sql.Tx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What entries of a source have become in the user's account, as far as a batch refers to them. Not
 * thread-safe.
 */
final class KnownEntries {
  private record Key(String type, String sourceId) {}

  private final Tx tx;
  private final Import target;
  private final Map<Key, UUID> known = new HashMap<>();
  private final List<Map<String, Object>> added = new ArrayList<>();

  private KnownEntries(Tx tx, Import target) {
    this.tx = tx;
    this.target = target;
  }

  /** Reads what is known of entries, and of what they refer to. */
  static KnownEntries read(Tx tx, Import target, List<Entry> entries, Ids ids) {
    KnownEntries found = new KnownEntries(tx, target);
    List<String> sourceIds = new ArrayList<>();
    for (Entry entry : entries) {
      sourceIds.add(entry.origin().id());
      sourceIds.addAll(references(entry.content()));
    }
    found.read(sourceIds, ids);
    return found;
  }

  private static List<String> references(Entry.Content content) {
    List<String> ids = new ArrayList<>();
    switch (content) {
      case Entry.Task task -> {
        if (task.templateId() != null) {
          ids.add(task.templateId());
        }
        ids.addAll(references(task.filing()));
      }
      case Entry.Template template -> ids.addAll(references(template.filing()));
      case Entry.SavedFilter filter -> filter.query().ids().forEach(id -> ids.add(id.toString()));
      default -> {}
    }
    return ids;
  }

  private static List<String> references(Filing filing) {
    List<String> ids = new ArrayList<>();
    if (filing.list() != null) {
      ids.add(filing.list().id());
    }
    filing.labels().forEach(label -> ids.add(label.id()));
    return ids;
  }

  private void read(List<String> sourceIds, Ids ids) {
    String[] distinct = sourceIds.stream().distinct().toArray(String[]::new);
    tx.sql("imports.find_imported")
        .bind("source", target.source())
        .bind("source_ids", distinct)
        .list(
            row ->
                known.put(
                    new Key(row.text("entity_type"), row.text("source_id")),
                    row.uuid("entity_id")));
    if (target.source() == Source.PERPETUA_FLOW) {
      findOwn(distinct);
    }
    if (target.dryRun()) {
      tx.sql("imports.find_planned")
          .bind("import_id", target.id())
          .bind("source_ids", distinct)
          .list(
              row ->
                  known.putIfAbsent(
                          new Key(row.text("entity_type"), row.text("source_id")), ids.next())
                      == null);
    }
  }

  /** The document may be an export of this account. */
  private void findOwn(String[] sourceIds) {
    List<UUID> own = new ArrayList<>();
    for (String id : sourceIds) {
      try {
        own.add(UUID.fromString(id));
      } catch (IllegalArgumentException e) {
        // The id of an entry that cannot be stored.
      }
    }
    tx.sql("imports.find_own")
        .bind("ids", own)
        .list(
            row ->
                known.put(
                    new Key(row.text("entity_type"), row.uuid("id").toString()), row.uuid("id")));
  }

  @Nullable UUID get(String type, String sourceId) {
    return known.get(new Key(type, sourceId));
  }

  boolean contains(String type, String sourceId) {
    return known.containsKey(new Key(type, sourceId));
  }

  /** Remembers what an entry is now, from {@link #store} on also for later imports. */
  void add(String type, String sourceId, UUID id) {
    known.put(new Key(type, sourceId), id);
    added.add(Map.of("entity_type", type, "source_id", sourceId, "entity_id", id));
  }

  void store(Json json) {
    if (!added.isEmpty()) {
      tx.sql("imports.insert_imported")
          .bind("source", target.source())
          .bind("rows", json.text(added))
          .run();
    }
  }
}

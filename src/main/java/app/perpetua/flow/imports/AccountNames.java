package app.perpetua.flow.imports;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.imports.readers.Entry;
import app.perpetua.flow.imports.readers.Filing;
import app.perpetua.flow.sql.Tx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The lists, labels and filters of an account by name, under case folding. Includes those that are
 * to be added by this batch and, of a dry run, by former ones. Not thread-safe.
 */
final class AccountNames {
  private static final String LIST = "list";

  /** What lists, labels or filters have as names. */
  private static final class Index {
    private final Map<String, List<UUID>> ids = new HashMap<>();
    private final Set<String> keys = new HashSet<>();
    private int count;
  }

  private final Map<String, Index> indexes =
      Map.of("list", new Index(), "label", new Index(), "filter", new Index());

  /** Names of the batch, as the database compares them. */
  private final Map<String, String> keys = new HashMap<>();

  /** Lists that stand for entries with other ids. */
  private final Set<UUID> taken = new HashSet<>();

  /** Whether two lists of the file may have one name, as in an export. */
  private final boolean distinctLists;

  private AccountNames(boolean distinctLists) {
    this.distinctLists = distinctLists;
  }

  /** Reads the names of the account, for those in the entries. */
  static AccountNames read(Tx tx, Import target, List<Entry> entries, KnownEntries known, Ids ids) {
    Set<String> names = new LinkedHashSet<>();
    for (Entry entry : entries) {
      collect(entry.content(), names);
    }
    AccountNames account = new AccountNames(target.source() == Source.PERPETUA_FLOW);
    if (names.isEmpty()) {
      return account;
    }
    for (Entry entry : entries) {
      UUID id = entry.type().equals(LIST) ? known.get(LIST, entry.origin().id()) : null;
      if (id != null) {
        account.taken.add(id);
      }
    }
    tx.sql("imports.find_names")
        .bind("names", names.toArray(String[]::new))
        .bind("import_id", target.dryRun() ? target.id() : null)
        .list(
            row -> {
              String key = row.text("key");
              String type = row.text("type");
              if (type.equals("name")) {
                return account.keys.put(row.text("name"), key);
              }
              UUID id = row.uuidOrNull("id");
              account.put(type, key, id == null ? ids.next() : id);
              return key;
            });
    return account;
  }

  private static void collect(Entry.Content content, Set<String> names) {
    switch (content) {
      case Entry.TaskList list -> names.add(list.name());
      case Entry.Label label -> names.add(label.name());
      case Entry.SavedFilter filter -> {
        names.add(filter.name());
        names.addAll(filter.query().names().lists());
        names.addAll(filter.query().names().labels());
      }
      case Entry.Task task -> collect(task.filing(), names);
      case Entry.Template template -> collect(template.filing(), names);
      default -> {}
    }
  }

  private static void collect(Filing filing, Set<String> names) {
    if (filing.list() != null) {
      names.add(filing.list().name());
    }
    filing.labels().forEach(label -> names.add(label.name()));
  }

  private void put(String type, String key, UUID id) {
    Index index = index(type);
    index.count++;
    index.keys.add(key);
    index.ids.computeIfAbsent(key, _ -> new ArrayList<>()).add(id);
  }

  private Index index(String type) {
    return Objects.requireNonNull(indexes.get(type), type);
  }

  private String key(String name) {
    return Objects.requireNonNull(keys.get(name), "a name of the batch");
  }

  /** The list or label that an entry of this name stands for; null if there is none. */
  @Nullable UUID find(String type, String name) {
    boolean distinct = distinctLists && type.equals(LIST);
    return index(type).ids.getOrDefault(key(name), List.of()).stream()
        .filter(id -> !distinct || !taken.contains(id))
        .findFirst()
        .orElse(null);
  }

  boolean contains(String type, String name) {
    return index(type).keys.contains(key(name));
  }

  int count(String type) {
    return index(type).count;
  }

  /** Adds what an entry becomes. */
  void add(String type, String name, UUID id) {
    put(type, key(name), id);
    take(id);
  }

  /** Marks what an entry stands for. */
  void take(UUID id) {
    taken.add(id);
  }
}

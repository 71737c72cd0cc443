package app.perpetua.flow.events;

import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The activity entries that a transaction has written. Confined to the transaction. */
public final class EmittedEntries {
  /** An entry of the activity log. */
  public record Entry(UUID id, String entityType, String action, Actor.Source source) {}

  private final List<Entry> entries = new ArrayList<>();

  private EmittedEntries() {}

  static void add(Tx tx, Entry entry) {
    tx.memoized(EmittedEntries.class, EmittedEntries::new).entries.add(entry);
  }

  /** The entries until now, in the order in which they were written. */
  public static List<Entry> of(Tx tx) {
    return tx.memoized(EmittedEntries.class).map(all -> List.copyOf(all.entries)).orElse(List.of());
  }
}

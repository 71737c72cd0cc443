package app.perpetua.flow.chaos.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Reads what is stored for people. */
public final class StoredStates {
  private static final String TASKS =
      """
      select user_id, id::text,
             '''' || title || ''' version ' || version || case when completed then ' completed' else '' end
      from tasks.task_instances where user_id = any(?)
      """;

  private static final String NOTES =
      "select user_id, id::text, content from notes.notes where user_id = any(?)";

  private static final String REMINDERS =
      """
      select r.user_id, r.id::text,
             (select count(*) from activity.notifications n
              where n.user_id = r.user_id and n.dedup_key = 'reminder:' || r.id)::int
      from tasks.reminders r where r.user_id = any(?)
      """;

  private static final String KEYS =
      "select user_id, key::text, '' from ops.idempotency_keys where user_id = any(?) and state <> 'open'";

  private static final String CREATED =
      """
      select user_id, action, count(*)::int from activity.activity_logs
      where user_id = any(?) and action in ('task_created', 'note_created', 'reminder_created')
      group by user_id, action
      """;

  private static final String CREDITS =
      """
      select user_id, '', coalesce(sum(remaining), 0)::int
      from billing.ai_credit_grants where user_id = any(?) group by user_id
      """;

  private StoredStates() {}

  @FunctionalInterface
  private interface Column<V> {
    V read(ResultSet row) throws SQLException;
  }

  /** The state of each person, read in one snapshot. */
  public static Map<UUID, State> read(Connection connection, Collection<UUID> people)
      throws SQLException {
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    Map<UUID, Map<String, String>> tasks = rows(connection, TASKS, people, row -> row.getString(3));
    Map<UUID, Map<String, String>> notes = rows(connection, NOTES, people, row -> row.getString(3));
    Map<UUID, Map<String, Integer>> reminders =
        rows(connection, REMINDERS, people, row -> row.getInt(3));
    Map<UUID, Map<String, String>> keys = rows(connection, KEYS, people, row -> row.getString(3));
    Map<UUID, Map<String, Integer>> created =
        rows(connection, CREATED, people, row -> row.getInt(3));
    Map<UUID, Map<String, Integer>> credits =
        rows(connection, CREDITS, people, row -> row.getInt(3));
    connection.rollback();
    Map<UUID, State> states = new HashMap<>();
    for (UUID person : people) {
      Set<UUID> stored = new HashSet<>();
      keys.getOrDefault(person, Map.of()).keySet().forEach(key -> stored.add(UUID.fromString(key)));
      states.put(
          person,
          new State(
              tasks.getOrDefault(person, Map.of()),
              notes.getOrDefault(person, Map.of()),
              reminders.getOrDefault(person, Map.of()),
              stored,
              created.getOrDefault(person, Map.of()),
              credits.getOrDefault(person, Map.of()).getOrDefault("", 0)));
    }
    return states;
  }

  private static <V> Map<UUID, Map<String, V>> rows(
      Connection connection, String sql, Collection<UUID> people, Column<V> value)
      throws SQLException {
    Map<UUID, Map<String, V>> rows = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setArray(1, connection.createArrayOf("uuid", people.toArray()));
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          rows.computeIfAbsent(result.getObject(1, UUID.class), _ -> new HashMap<>())
              .put(result.getString(2), value.read(result));
        }
      }
    }
    return rows;
  }
}

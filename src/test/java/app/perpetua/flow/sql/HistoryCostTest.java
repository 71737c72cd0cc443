package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the lists and the export cost for a user with years of data, in pages of the database that
 * are read: unlike times, they are the same on every machine.
 */
class HistoryCostTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final int ROWS = 20_000;
  private static final int DAYS = 61;
  private static final String HIGHEST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

  private static UUID busy;
  private static UUID idle;
  private static UUID entity;

  @BeforeAll
  static void fill() {
    busy = database.newUser().save();
    idle = database.newUser().save();
    entity = UUID.randomUUID();
    database.rows(
        "select activity.make_day(date '2026-01-01' + d) as made from generate_series(0, ?) d",
        DAYS - 1);
    // Others have entries on every day; the busy user's are of the last half.
    database.run(
        """
        insert into activity.activity_logs
          (id, user_id, entity_type, entity_id, action, source, created_at)
        select gen_random_uuid(), u.id, 'task', gen_random_uuid(), 'task_updated', 'user',
               timestamptz '2026-01-01 00:00+00' + d * interval '1 day' + k * interval '1 minute'
        from auth.users u, generate_series(0, ?) d, generate_series(1, 20) k
        where u.id not in (?, ?)
        """,
        DAYS - 1,
        busy,
        idle);
    database.run(
        """
        insert into activity.activity_logs
          (id, user_id, entity_type, entity_id, action, source, created_at)
        select gen_random_uuid(), ?,
               case when k % 1000 = 0 then 'subscription' when k % 2 = 0 then 'task' else 'note' end,
               case when k % 500 = 0 then ? else gen_random_uuid() end,
               'task_updated', 'user',
               timestamptz '2026-03-02 00:00+00' - k * interval '2 minutes'
        from generate_series(1, ?) k
        """,
        busy, entity, ROWS);
    database.run(
        """
        insert into notes.notes (id, user_id, content, archived, created_at, updated_at)
        select gen_random_uuid(), ?, 'note ' || k, true,
               timestamptz '2026-01-01 00:00+00' + k * interval '1 minute', '2026-03-01 00:00+00'
        from generate_series(1, ?) k
        """,
        busy,
        ROWS);
    database.run(
        """
        insert into activity.notifications
          (id, user_id, type, title, body, read, read_at, created_at, updated_at)
        select gen_random_uuid(), ?, 'system', 'title', 'body', k % 2 = 0,
               case when k % 2 = 0 then timestamptz '2026-03-01 00:00+00' end,
               timestamptz '2026-01-01 00:00+00' + k * interval '1 minute', '2026-03-01 00:00+00'
        from generate_series(1, ?) k
        """,
        busy, ROWS);
    database.run(
        """
        insert into billing.ai_credit_grants
          (id, user_id, credit_type, amount, remaining, spent, expired, dedup_key, created_at)
        values (?, ?, 'purchased', 1000000, 1000000, 0, 0, 'test', '2026-01-01 00:00+00')
        """,
        entity,
        busy);
    database.run(
        """
        insert into billing.ai_credit_ledger
          (id, user_id, grant_id, credit_type, operation, amount, balance_after, created_at)
        select gen_random_uuid(), ?, ?, 'purchased', 'grant', 1, k, '2026-01-01 00:00+00'
        from generate_series(1, ?) k
        """,
        busy,
        entity,
        ROWS);
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, completed, completed_at, completed_by, created_at, updated_at)
        select ('00000000-0000-4000-8000-' || lpad(to_hex(k), 12, '0'))::uuid, ?, 'task ' || k, true,
               '2026-01-01 00:00+00', 'manual', '2026-01-01 00:00+00', '2026-01-01 00:00+00'
        from generate_series(1, ?) k
        """,
        busy,
        ROWS);
    database.run(
        """
        insert into tasks.reminders
          (id, user_id, task_id, type, scheduled_at, fired, fired_at, created_at, updated_at)
        select gen_random_uuid(), user_id, id, 'absolute', created_at, true, created_at, created_at,
               created_at
        from tasks.task_instances
        where user_id = ?
        """,
        busy);
    database.run(
        """
        insert into notes.voice_sessions (id, user_id, started_at, ended_at, end_reason, opened_at)
        select gen_random_uuid(), ?, timestamptz '2026-01-01 00:00+00' + k * interval '1 minute',
               '2026-03-01 00:00+00', 'complete', '2026-01-01 00:00+00'
        from generate_series(1, ?) k
        """,
        busy,
        ROWS);
    try (Connection connection = database.dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      // Again if a snapshot, as of a concurrent autovacuum, kept rows from being visible to all.
      for (int attempt = 0; attempt < 1_000 && invisiblePages() > 0; attempt++) {
        statement.execute("vacuum (analyze)");
      }
      assertEquals(0, invisiblePages());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Pages whose rows an index-only scan would have to look up. */
  private static long invisiblePages() {
    return database.number(
        """
        select coalesce(sum(relpages - relallvisible), 0)::bigint + count(*) filter (where relpages < 1)
        from pg_class
        where oid in ('notes.notes'::regclass, 'activity.notifications'::regclass,
                      'billing.ai_credit_ledger'::regclass, 'tasks.reminders'::regclass,
                      'notes.voice_sessions'::regclass)
        """);
  }

  private static Map<String, @Nullable Object> page(
      UUID user, Object key, Object id, int offset, boolean counted) {
    Map<String, @Nullable Object> values = new HashMap<>();
    values.put("user_id", user);
    values.put("after_key", key);
    values.put("after_id", UUID.fromString(id.toString()));
    values.put("offset", offset);
    values.put("limit", 26);
    values.put("counted", counted);
    values.put("archived", true);
    return values;
  }

  /** Pages of the database that an execution reads, with the plan of a statement used often. */
  private static void bind(
      PreparedStatement prepared,
      SqlCatalog.Statement statement,
      Map<String, @Nullable Object> values)
      throws SQLException {
    List<String> names = new ArrayList<>(Collections.nCopies(statement.indexes().size(), ""));
    statement.indexes().forEach((name, index) -> names.set(index, name));
    int place = 0;
    for (int index : statement.places()) {
      place++;
      prepared.setObject(place, values.get(names.get(index)));
    }
  }

  private static long cost(String name, Map<String, @Nullable Object> values) {
    SqlCatalog.Statement statement = SqlCatalog.load().get(name);
    try (Connection connection = database.pool(1).getConnection();
        Statement settings = connection.createStatement()) {
      settings.execute("set plan_cache_mode = force_generic_plan");
      try (PreparedStatement explain =
          connection.prepareStatement(
              "explain (analyze, buffers, format json) " + statement.driverSql())) {
        long buffers = 0;
        // The first execution also reads what planning needs.
        for (int execution = 0; execution < 2; execution++) {
          bind(explain, statement, values);
          try (ResultSet result = explain.executeQuery()) {
            result.next();
            var plan = new Json().parse(result.getString(1)).get(0).get("Plan");
            buffers =
                plan.get("Shared Hit Blocks").longValue()
                    + plan.get("Shared Read Blocks").longValue();
          }
        }
        return buffers;
      }
    } catch (SQLException e) {
      throw new IllegalStateException(name, e);
    }
  }

  @Test
  void FR_122_an_empty_activity_log_costs_one_probe_of_each_partition() {
    long cost = cost("activity.list_entries", page(idle, "infinity", HIGHEST, 0, true));
    assertTrue(cost <= 4 * (DAYS + 9), () -> cost + " pages");
  }

  @ParameterizedTest
  @CsvSource({
    // The count of more than 10,000 entries reads their keys, about 100 on a page.
    ", , true, 600",
    ", , false, 350",
    "subscription, , true, 350",
    "note, , false, 350",
    "task, , false, 450",
    ", entity, true, 350",
    "note, entity, true, 350",
  })
  void FR_122_filters_of_the_activity_log_use_an_index(
      @Nullable String type, @Nullable String of, boolean counted, long most) {
    Map<String, @Nullable Object> values = page(busy, "infinity", HIGHEST, 0, counted);
    values.put("entity_type", type);
    values.put("entity_id", of == null ? null : entity);
    long cost = cost("activity.list_entries", values);
    assertTrue(cost <= most, () -> cost + " pages");
  }

  @Test
  void FR_122_a_later_page_by_cursor_opens_no_partition_before_it() {
    long first = cost("activity.list_entries", page(busy, "infinity", HIGHEST, 0, false));
    long later =
        cost("activity.list_entries", page(busy, "2026-02-05 12:00+00", HIGHEST, 0, false));
    assertTrue(later <= first, () -> later + " after " + first + " pages");
  }

  @ParameterizedTest
  @CsvSource({
    "notes.list_notes, infinity, 2026-01-02 00:00+00",
    "notifications.list_notifications, infinity, 2026-01-02 00:00+00",
    "notifications.list_unread_notifications, infinity, 2026-01-02 00:00+00",
    "credits.list_entries, 9223372036854775807, 100",
  })
  void FR_122_a_page_by_cursor_costs_the_same_at_any_depth(String name, String first, String deep) {
    long begin = cost(name, page(busy, first, HIGHEST, 0, false));
    long end = cost(name, page(busy, deep, HIGHEST, 0, false));
    // The count of unread ones belongs to every answer.
    long most = name.startsWith("notifications") ? 500 : 150;
    assertTrue(begin <= most, () -> begin + " pages");
    assertTrue(end <= 2 * begin, () -> end + " after " + begin + " pages");
  }

  @ParameterizedTest
  @CsvSource({
    "notes.list_notes, infinity",
    "notifications.list_notifications, infinity",
    "notifications.list_unread_notifications, infinity",
    "credits.list_entries, 9223372036854775807",
    "reminders.list_reminders,",
    "voice.list_sessions,",
  })
  void FR_122_a_page_by_offset_reads_its_rows_and_the_keys_before_it(
      String name, @Nullable String first) {
    for (int offset : new int[] {0, ROWS - 100}) {
      Map<String, @Nullable Object> values =
          page(busy, first == null ? "" : first, HIGHEST, offset, true);
      long cost = cost(name, values);
      // The keys of 20,000 rows are on about 300 pages of an index: those before, and the count.
      assertTrue(cost <= 1_200, () -> cost + " pages at " + offset);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "page_tasks, 00000000-0000-0000-0000-000000000000, 00000000-0000-4000-8000-000000004a00",
    "page_notes, 00000000-0000-0000-0000-000000000000, f0000000-0000-0000-0000-000000000000",
    "page_reminders, 00000000-0000-0000-0000-000000000000, f0000000-0000-0000-0000-000000000000",
    "page_notifications, 00000000-0000-0000-0000-000000000000, f0000000-0000-0000-0000-000000000000",
    "page_voice_sessions, 00000000-0000-0000-0000-000000000000, f0000000-0000-0000-0000-000000000000",
    "page_ledger, 0, 19000",
    "page_activity, -infinity/00000000-0000-0000-0000-000000000000, 2026-02-28 00:00+00/00000000-0000-0000-0000-000000000000",
  })
  void FR_123_a_page_of_the_export_costs_the_same_at_any_depth(
      String name, String first, String deep) {
    Map<String, @Nullable Object> values = new HashMap<>();
    values.put("user_id", busy);
    values.put("page", 50);
    values.put("after", first);
    long begin = cost("export." + name, values);
    values.put("after", deep);
    long end = cost("export." + name, values);
    assertTrue(begin <= 800, () -> begin + " pages");
    assertTrue(end <= 2 * begin, () -> end + " after " + begin + " pages");
  }

  @Test
  void FR_122_reading_the_log_starts_no_parallel_workers() {
    assertEquals(
        1,
        database.number(
            """
            select count(*) from pg_proc
            where oid = 'activity.find_page'::regproc
              and proconfig @> '{plan_cache_mode=force_generic_plan,max_parallel_workers_per_gather=0}'
            """));
  }
}

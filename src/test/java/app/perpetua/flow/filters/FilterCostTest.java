package app.perpetua.flow.filters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.PageRequest.Position;
import app.perpetua.flow.sql.SqlCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * FR-212: a page of a filtered list costs a bounded amount of work, however many tasks the user
 * has. {@code -Dtasks=100000 -Druns=40} measures a large history
 * (docs/decisions/filter-language.md).
 */
class FilterCostTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final int TASKS = Integer.getInteger("tasks", 12_000);
  private static final int RUNS = Integer.getInteger("runs", 1);
  private static final int OPEN = 200;

  private static UUID user;

  private static final List<String> FILTERS =
      List.of(
          "completed = false and due < today + 7d and (list = \"Home\" or label in [bills, \"to call\"])",
          "overdue or due = today",
          "priority = high",
          "priority = high and completed",
          "label = rare",
          "label = bills and completed",
          "list = Tiny",
          "list = Home",
          "list = inbox and priority = low",
          "text ~ zebra",
          "text ~ task",
          "text ~ task and label = rare",
          "not text ~ task",
          "text ~ zz",
          "completed_at = today - 3d",
          "completed_at > today - 90d and priority = high",
          "due = none and completed",
          "due > today - 30d",
          "updated > now - 1h",
          "created < 2016-01-03",
          "estimate > 600 and subtasks > 3",
          "estimate > 800 and subtasks > 3",
          "archived",
          "hidden or priority = high",
          "title ~ zzz and completed",
          "not (completed or label = bills or list = Home or priority = low)",
          "(due < today or label = none or priority = high) and (estimate > 700 or list = Tiny or label = rare)"
              + " and (subtasks > 2 or text ~ qq or created > today)",
          "(label = l1 or label = l2 or label = l3) and (estimate = 1 or text ~ q or subtasks = 7) and (title ~ x or title ~ y or title ~ z)");

  @BeforeAll
  static void load() {
    user = database.newUser().save();
    for (String name : List.of("Home", "Tiny")) {
      database.run(
          """
          insert into tasks.lists (user_id, id, name, position, created_at, updated_at)
          values (?, gen_random_uuid(), ?, 'V', '2026-01-01Z', '2026-01-01Z')
          """,
          user,
          name);
    }
    for (String name : List.of("bills", "to call", "rare", "l1", "l2", "l3")) {
      database.run(
          """
          insert into tasks.labels (user_id, id, name, colour, created_at, updated_at)
          values (?, gen_random_uuid(), ?, '#808080', '2026-01-01Z', '2026-01-01Z')
          """,
          user,
          name);
    }
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, description, priority, due_date, completed, completed_at, completed_by, hidden,
           archived, estimated_duration, subtask_count, list_id, label_ids, created_at, updated_at)
        select gen_random_uuid(), r.user_id, 'Task ' || n || case when n % 9973 = 0 then ' zebra' else ' call' end,
               md5(n::text) || ' bring the papers and whatever else there may be to bring',
               (array['low', 'medium', 'high'])[1 + n % 3],
               case when n % 4 > 0 then timestamptz '2016-01-01Z' + n * interval '57 minutes' end,
               n <= r.total - r.open,
               case when n <= r.total - r.open then timestamptz '2016-01-01Z' + n * interval '56 minutes' end,
               case when n <= r.total - r.open then 'manual' end,
               n % 50 = 7, n % 50 = 9, 1 + n % 720, n % 5,
               case when n % 4 = 0 then (select id from tasks.lists l where l.user_id = r.user_id and l.name = 'Home')
                    when n % 5001 = 1 then (select id from tasks.lists l where l.user_id = r.user_id and l.name = 'Tiny')
               end,
               case when n % 10 = 0 then array(select id from tasks.labels l where l.user_id = r.user_id and l.name = 'bills')
                    when n % 5003 = 1 then array(select id from tasks.labels l where l.user_id = r.user_id and l.name = 'rare')
                    when n % 7 = 0 then array(select id from tasks.labels l where l.user_id = r.user_id and l.name like 'l_')
                    else '{}' end,
               timestamptz '2016-01-01Z' + n * interval '55 minutes', timestamptz '2026-01-01Z' + n * interval '1 second'
        from (select ?::uuid as user_id, ?::int as total, ?::int as open) r, generate_series(1, r.total) n
        """,
        user, TASKS, OPEN);
    database.run("vacuum (analyze) tasks.task_instances");
  }

  private static final MutableClock CLOCK = new MutableClock();
  private static final FilteredTasks FILTERED = new FilteredTasks(new Json());

  private static FilteredTasks.Found page(Db db, String text, @Nullable Position after) {
    return db.read(
        Actor.user(user, "test"),
        tx -> {
          try {
            return FILTERED.page(
                tx,
                FILTERED.select(tx, Filter.parse(text), true),
                new FilteredTasks.Order("created_at", true),
                after,
                20);
          } catch (FilterException e) {
            throw new AssertionError(text, e);
          }
        });
  }

  private static Db db() {
    CLOCK.set(Instant.parse("2016-01-01T00:00:00Z").plus(Duration.ofMinutes(56L * TASKS)));
    return new Db(database.pool(1), SqlCatalog.load(), CLOCK, Duration.ofMinutes(1), _ -> false);
  }

  @Test
  void a_page_examines_a_bounded_number_of_tasks() {
    Db db = db();
    FilteredTasks.Found first = page(db, "text ~ zz", null);
    assertEquals(List.of(), first.tasks());
    Position reached = Objects.requireNonNull(first.next());
    assertEquals(
        10_000 - 1,
        database.number(
            "select count(*) from tasks.task_instances where user_id = ? and not hidden"
                + " and not archived and created_at > ?::timestamptz",
            user,
            reached.key()));
    Position end = reached;
    int pages = 1;
    while (end != null) {
      end = page(db, "text ~ zz", end).next();
      pages++;
    }
    assertEquals(Math.ceilDiv(TASKS - TASKS / 50 * 2, 10_000), pages);
  }

  @Test
  void what_an_index_finds_is_complete_in_one_page() {
    Db db = db();
    for (String text : List.of("text ~ zebra", "list = Tiny", "label = rare")) {
      FilteredTasks.Found found = page(db, text, null);
      assertNull(found.next(), text);
      assertTrue(!found.tasks().isEmpty(), text);
    }
  }

  @Test
  void every_filter_has_a_page() {
    Db db = db();
    for (String text : FILTERS) {
      List<Long> micros = new ArrayList<>();
      int tasks = 0;
      for (int run = 0; run < RUNS; run++) {
        long start = System.nanoTime();
        tasks = page(db, text, null).tasks().size();
        micros.add((System.nanoTime() - start) / 1_000);
      }
      assertTrue(tasks <= 20, text);
      Collections.sort(micros);
      if (System.getProperty("tasks") != null) {
        System.out.printf(
            "p50 %d us, p95 %d us, %d tasks: %s%n",
            micros.get(RUNS / 2), micros.get(Math.max(0, RUNS * 95 / 100 - 1)), tasks, text);
      }
    }
  }
}

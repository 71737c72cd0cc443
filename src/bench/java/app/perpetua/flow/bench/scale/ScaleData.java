package app.perpetua.flow.bench.scale;

import app.perpetua.flow.bench.process.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Fills a migrated database with tasks and activity of many users and of a few with years of data.
 * Users are numbered from 0, as the access tokens are. Confined to one thread.
 */
final class ScaleData {
  static final int TASKS_EACH = 50;

  /** Partitions of the activity log, of one day each: those that are kept, and today's. */
  static final int DAYS = 61;

  private static final int OPEN_EACH = 10;

  /** Numbers of a veteran's tasks, above those of all others. */
  private static final long VETERANS_TASKS = 1_000_000_000L;

  /** Users whose activity one statement inserts. */
  private static final int STEP = 1_000;

  /** Every task has some words of this list; a rare one follows in every 10,000th. */
  private static final String WORDS =
      "'{letter,plumber,garden,window,invoice,dentist,bicycle,kitchen,passport,library,"
          + "battery,birthday,concert,curtain,engine,flower,holiday,insurance,jacket,keyboard,"
          + "lamp,mirror,notebook,orchard,paper,quilt,receipt,sofa,ticket,umbrella}'::text[]";

  private final Connection connection;

  ScaleData(Connection connection) {
    this.connection = connection;
  }

  /** Adds users who each have {@link #TASKS_EACH} tasks, most of them completed. */
  void users(int first, int count) throws SQLException {
    insertUsers(first, count, OPEN_EACH);
    insertTasks(
        "generate_series(%d, %d) u, generate_series(0, %d) n"
            .formatted(first + 1, first + count, TASKS_EACH - 1),
        "u * 100 + n",
        TASKS_EACH,
        OPEN_EACH);
  }

  /** Adds users without tasks. */
  void usersWithoutTasks(int first, int count) throws SQLException {
    insertUsers(first, count, 0);
  }

  /** Adds a user with tasks of three years, of which the last 50 are open. */
  void veteran(int user, int tasks) throws SQLException {
    insertUsers(user, 1, TASKS_EACH);
    insertTasks(
        "(values (%d)) as users (u), generate_series(0, %d) n".formatted(user + 1, tasks - 1),
        VETERANS_TASKS + " + n",
        tasks,
        TASKS_EACH);
  }

  /** The id of a veteran's task. */
  static String veteransTask(int task) {
    return Database.uuid(VETERANS_TASKS + task);
  }

  /** Creates the partitions of the activity log. */
  void days() throws SQLException {
    for (int day = 0; day < DAYS; day++) {
      execute("select activity.make_day((now() at time zone 'UTC')::date - %d)".formatted(day));
    }
  }

  /** Adds activity entries to each of some users, evenly over all days. */
  void activity(int first, int count, int entriesEach) throws SQLException {
    execute(
        """
        insert into activity.activity_logs
          (id, user_id, entity_type, entity_id, action, source, metadata, request_id, created_at)
        select gen_random_uuid(), lpad(u::text, 32, '0')::uuid,
               case when n %% 10 = 0 then 'note' else 'task' end,
               lpad((u * 100 + n %% 50)::text, 32, '0')::uuid,
               case when n %% 10 = 0 then 'note_created' else 'task_updated' end, 'user',
               '{"changed": ["title"]}', lpad(n::text, 36, '0'),
               now() - interval '%d days' * n / %d
        from generate_series(%d, %d) u, generate_series(0, %d) n
        """
            .formatted(DAYS - 1, entriesEach, first + 1, first + count, entriesEach - 1));
  }

  /**
   * Adds the same number of activity entries to each of many users, evenly over all days, without
   * checking their foreign keys: that would take longer than everything else.
   */
  void muchActivity(int users, int entriesEach) throws SQLException {
    List<String> indexes = dropIndexes("activity.activity_logs");
    execute("set session_replication_role = replica");
    for (int first = 0; first < users; first += STEP) {
      activity(first, Math.min(STEP, users - first), entriesEach);
    }
    execute("set session_replication_role = origin");
    for (String index : indexes) {
      // The definition of a partitioned table's index names that table only.
      execute(index.replace(" ON ONLY ", " ON "));
    }
  }

  /** Collects statistics, as autovacuum would. */
  void vacuum() throws SQLException {
    execute("vacuum analyze");
    execute("checkpoint");
  }

  private void insertUsers(int first, int count, int open) throws SQLException {
    execute(
        """
        insert into auth.users (id, google_id, email, name, open_tasks, created_at, updated_at)
        select lpad(u::text, 32, '0')::uuid, 'scale-' || u, 'user' || u || '@example.com',
               'User ' || u, %d, now() - interval '3 years', now() - interval '3 years'
        from generate_series(%d, %d) u
        """
            .formatted(open, first + 1, first + count));
  }

  private void insertTasks(String rows, String number, int tasks, int open) throws SQLException {
    List<String> indexes = dropIndexes("tasks.task_instances");
    execute(
        """
        insert into tasks.task_instances
          (id, user_id, title, description, priority, due_date, completed, completed_at,
           completed_by, counted_at, created_at, updated_at)
        select lpad((%1$s)::text, 32, '0')::uuid, lpad(u::text, 32, '0')::uuid,
               words[n %% 30 + 1] || ' ' || words[n / 30 %% 30 + 1] || ' ' || n,
               case when n %% 10000 = 7 then 'zeppelin ' else '' end
                 || repeat('What there is to say. ', n %% 8),
               (array['low', 'medium', 'high'])[n %% 3 + 1],
               case when n %% 2 = 0 then created + interval '1 day' * (n %% 28 + 1) end, done,
               case when done then created + interval '1 hour' end,
               case when done then 'manual' end, case when done then created + interval '1 hour' end,
               created, created + interval '1 hour' * (n %% 50)
        from (
          select u, n, n < %2$d as done, %4$s as words,
                 now() - interval '3 years' * (%3$d - n) / %3$d as created
          from %5$s
        ) rows
        """
            .formatted(number, tasks - open, tasks, WORDS, rows));
    for (String index : indexes) {
      execute(index);
    }
  }

  /**
   * Drops the indexes that no constraint needs: filling an empty one takes less time than adding
   * each row to it.
   *
   * @return the statements that create them
   */
  private List<String> dropIndexes(String table) throws SQLException {
    List<String> drops = new ArrayList<>();
    List<String> creates = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
                from pg_index i
                where i.indrelid = '%s'::regclass
                  and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
                """
                    .formatted(table))) {
      while (rows.next()) {
        drops.add("drop index " + rows.getString(1));
        creates.add(rows.getString(2));
      }
    }
    for (String drop : drops) {
      execute(drop);
    }
    execute("set maintenance_work_mem = '256MB'");
    return creates;
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}

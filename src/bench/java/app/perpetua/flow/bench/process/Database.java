package app.perpetua.flow.bench.process;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.PostgresServer;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL with default settings, including durability, on the disk of the build directory. Ids
 * are numbers written as UUIDs, because pgbench can compute only numbers.
 */
public final class Database implements AutoCloseable {
  public static final int USERS = 1000;
  public static final int TASKS_EACH = 50;

  private static final String NAME = "bench";
  private static final String SUPERUSER = "postgres";

  private final EmbeddedPostgres postgres;
  private final long pid;

  /** Starts an empty database; deletes the data of an earlier run. */
  public Database(Path home) throws IOException, SQLException {
    Path data = home.resolve("postgres");
    Path log = home.resolve("postgres.log");
    Files.deleteIfExists(log);
    postgres =
        EmbeddedPostgres.builder()
            .setPGStartupWait(PostgresServer.STARTUP_LIMIT)
            .setDataDirectory(data)
            .setCleanDataDirectory(true)
            .setOutputRedirector(Redirect.appendTo(log.toFile()))
            .setErrorRedirector(Redirect.appendTo(log.toFile()))
            .setLocaleConfig("locale-provider", "builtin")
            .setLocaleConfig("builtin-locale", "C.UTF-8")
            .setLocaleConfig("locale", "C")
            .setServerConfig("max_connections", "200")
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("timezone", "UTC")
            .start();
    pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
    create(NAME);
  }

  /** Creates another empty database on the server, with a name that needs no quotes. */
  public void create(String name) throws SQLException {
    try (Connection connection = postgres.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    }
  }

  /** Deletes a database that {@link #create} created, and ends its connections. */
  public void drop(String name) throws SQLException {
    try (Connection connection = postgres.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("drop database " + name + " with (force)");
    }
  }

  /** The id of a user. */
  public static String user(int user) {
    return uuid(user + 1L);
  }

  /** The number that the id of a user's task is derived from. */
  public static long taskNumber(int user, int task) {
    return (user + 1L) * 100 + task;
  }

  /** Same as {@code lpad(number, 32, '0')::uuid} in SQL. */
  public static String uuid(long number) {
    String digits = "%032d".formatted(number);
    return String.join(
        "-",
        digits.substring(0, 8),
        digits.substring(8, 12),
        digits.substring(12, 16),
        digits.substring(16, 20),
        digits.substring(20));
  }

  /**
   * Fills the migrated tables. Tasks of one user are not stored next to each other, as real users
   * create them over weeks.
   */
  public void load() throws SQLException {
    try (Connection connection = connection()) {
      load(connection, USERS);
    }
    vacuum();
  }

  /** Same for a number of users, in another migrated database. */
  public static void load(Connection connection, int users) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          insert into auth.users
            (id, google_id, email, name, open_tasks, created_at, updated_at)
          select lpad(u::text, 32, '0')::uuid, 'bench-' || u, 'user' || u || '@example.com',
                 'User ' || u, %d, now() - interval '60 days', now() - interval '60 days'
          from generate_series(1, %d) u
          """
              .formatted(TASKS_EACH, users));
      statement.execute(
          """
          insert into tasks.task_instances
            (id, user_id, title, description, priority, due_date, estimated_duration, created_at,
             updated_at)
          select lpad((u * 100 + t)::text, 32, '0')::uuid, lpad(u::text, 32, '0')::uuid,
                 'Task ' || t || ' of user ' || u, repeat('What there is to say. ', t %% 8),
                 (array['low', 'medium', 'high'])[t %% 3 + 1],
                 case when t %% 2 = 0 then now() + interval '1 day' * (t %% 28 + 1) end,
                 case when t %% 3 = 0 then 15 * (t %% 8 + 1) end,
                 now() - interval '1 hour' * (1200 - t * 24), now() - interval '1 hour' * (1200 - t * 24)
          from generate_series(0, %d) t, generate_series(1, %d) u
          """
              .formatted(TASKS_EACH - 1, users));
    }
  }

  /** Every column of a user's task as text, null where it is null. */
  public Map<String, @Nullable String> task(int user, int task) throws SQLException {
    try (Connection connection = connection()) {
      return task(connection, user, task);
    }
  }

  /** Same, in another loaded database. */
  public static Map<String, @Nullable String> task(Connection connection, int user, int task)
      throws SQLException {
    Map<String, @Nullable String> columns = new HashMap<>();
    try (PreparedStatement statement =
        connection.prepareStatement("select * from tasks.task_instances where id = ?::uuid")) {
      statement.setString(1, uuid(taskNumber(user, task)));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
          columns.put(row.getMetaData().getColumnLabel(i), row.getString(i));
        }
      }
    }
    return columns;
  }

  /** Reopens all tasks and resets achievements. */
  public void reopen() throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          update auth.users u
          set open_tasks = u.open_tasks + done.count, perk_tasks = 0
          from (select user_id, count(*) as count from tasks.task_instances
                where completed group by user_id) done
          where u.id = done.user_id
          """);
      statement.execute(
          """
          update tasks.task_instances
          set completed = false, completed_at = null, completed_by = null, counted_at = null
          where completed
          """);
      statement.execute("delete from achievements.unlocks");
      statement.execute("delete from achievements.user_achievement_states");
      statement.execute("delete from activity.notifications where type = 'achievement'");
    }
  }

  /** Runs checkpoint and vacuum, so that earlier work does not affect the next measurement. */
  public void vacuum() throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute("vacuum analyze");
      statement.execute("checkpoint");
    }
  }

  /**
   * Checks the invariants of the data, so that figures of an incorrect service are not reported.
   *
   * @throws AssertionError if an invariant is violated
   */
  public void checkInvariants() throws SQLException {
    List<String> violated = new ArrayList<>();
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      for (var query : Invariants.queries().entrySet()) {
        try (ResultSet rows = statement.executeQuery(query.getValue())) {
          if (rows.next()) {
            violated.add(query.getKey());
          }
        }
      }
    }
    if (!violated.isEmpty()) {
      throw new AssertionError("violated invariants: " + violated);
    }
  }

  /** The URL as the service expects it. */
  public String url(int port) {
    return url(port, NAME);
  }

  /** Same for another database of the server. */
  public String url(int port, String name) {
    return "postgresql://" + SUPERUSER + "@127.0.0.1:" + port + "/" + name;
  }

  public int port() {
    return postgres.getPort();
  }

  /** Arguments that connect libpq programs, such as pgbench. */
  public List<String> libpqArguments() {
    return List.of("-h", "127.0.0.1", "-p", Integer.toString(port()), "-U", SUPERUSER, NAME);
  }

  /** Process id of the postmaster. */
  public long pid() {
    return pid;
  }

  /** A connection; the caller closes it. */
  public Connection connection() throws SQLException {
    return connection(NAME);
  }

  /** A connection to another database of the server; the caller closes it. */
  public Connection connection(String name) throws SQLException {
    return postgres.getDatabase(SUPERUSER, name).getConnection();
  }

  @Override
  public void close() throws IOException {
    postgres.close();
  }
}

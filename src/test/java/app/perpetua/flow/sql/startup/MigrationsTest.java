package app.perpetua.flow.sql.startup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.PostgresServer;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.TcpProxy;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@Order(2)
final class MigrationsTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int MIGRATIONS = 40;

  private static Postgres postgres;

  @BeforeAll
  static void start() throws IOException {
    postgres = Postgres.durable();
  }

  @AfterAll
  static void stop() throws IOException {
    postgres.close();
  }

  @Test
  void promise_25_instances_that_start_together_migrate_once() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    try (ExecutorService instances = Executors.newFixedThreadPool(2)) {
      Callable<Integer> start = () -> migrations(url).run().orElseThrow();
      int migrated = 0;
      for (Future<Integer> instance : instances.invokeAll(List.of(start, start))) {
        migrated += instance.get();
      }
      assertEquals(MIGRATIONS, migrated);
    }
    assertComplete(url);
  }

  @Test
  void promise_25_a_migration_killed_in_the_middle_is_completed_by_the_next_start()
      throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    try (Connection obstacle = connect(url);
        Statement statement = obstacle.createStatement()) {
      // The fifth migration creates the same table, so it waits for this transaction.
      statement.execute("create schema activity");
      obstacle.setAutoCommit(false);
      statement.execute("create table activity.activity_logs (id int)");
      Process instance = instance(url);
      try {
        Eventually.within(
            PostgresServer.STARTUP_LIMIT,
            () ->
                number(
                        url,
                        "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                            + " and query like '%create table activity.activity_logs%'")
                    == 1);
        assertEquals(4, number(url, "select count(*) from flyway_schema_history where success"));
      } finally {
        instance.destroyForcibly().waitFor();
      }
      obstacle.rollback();
    }
    assertEquals(MIGRATIONS - 4, migrations(url).run().orElseThrow());
    assertComplete(url);
  }

  /** Runs the migrations in a process that can be killed. */
  private static Process instance(DatabaseUrl url) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            MigrateProcess.class.getName(),
            url.jdbcUrl() + "?user=postgres&password=postgres")
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Entry point of that process. */
  static final class MigrateProcess {
    public static void main(String[] args) {
      migrations(DatabaseUrl.parse(args[0])).run();
    }
  }

  @Test
  void FR_091_texts_of_before_the_migration_are_found_after_it() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    Flyway.configure()
        .dataSource(url.source("test", TIMEOUT, TIMEOUT, TIMEOUT))
        .locations("classpath:sql/migration")
        .target("16")
        .loggers("slf4j")
        .load()
        .migrate();
    execute(
        url,
        """
        insert into auth.users (id, google_id, email, name, timezone, created_at, updated_at)
        select gen_random_uuid(), zone, 'a@b.c', 'A', zone, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
        from unnest(array['SystemV/EST5EDT', 'Europe/Berlin']) as zone;
        insert into tasks.task_templates
          (id, user_id, title, rrule, timezone, starts_at, created_at, updated_at)
        select gen_random_uuid(), id, 'A', 'FREQ=DAILY', timezone, created_at, created_at, created_at
        from auth.users;
        insert into tasks.task_instances (id, user_id, title, description, created_at, updated_at)
        select gen_random_uuid(), id, 'Straße', E'cafe\\u0301', created_at, created_at
        from auth.users;
        insert into notes.notes (id, user_id, content, created_at, updated_at)
        select gen_random_uuid(), id, E'\\u0130stanbul', created_at, created_at
        from auth.users;
        insert into notes.notes (id, user_id, content, voice_url, created_at, updated_at)
        select gen_random_uuid(), id, '', 'https://a.example/b', created_at, created_at
        from auth.users;
        """);
    migrations(url).run().orElseThrow();
    assertComplete(url);
    assertEquals(
        2,
        number(
            url,
            "select count(*) from tasks.task_instances"
                + " where search_text = E'STRASSE\\nCAF\\u00c9'"));
    assertEquals(2, number(url, "select count(*) from notes.notes where search_text = 'ISTANBUL'"));
    assertEquals(2, number(url, "select count(*) from notes.notes where search_text = ''"));
    // The tasks of before the migration count in the totals of lists (FR-120).
    assertEquals(2, number(url, "select count(*) from auth.users where shown_tasks = 1"));
    for (String table : List.of("auth.users", "tasks.task_templates")) {
      assertEquals(
          2,
          number(
              url,
              "select count(*) from "
                  + table
                  + " where timezone in ('America/New_York', 'Europe/Berlin')"));
    }
  }

  @Test
  void FR_224_streaks_of_before_the_migration_keep_their_days() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    Flyway.configure()
        .dataSource(url.source("test", TIMEOUT, TIMEOUT, TIMEOUT))
        .locations("classpath:sql/migration")
        .target("31")
        .loggers("slf4j")
        .load()
        .migrate();
    execute(
        url,
        """
        insert into auth.users (id, google_id, email, name, created_at, updated_at)
        select gen_random_uuid(), n::text, 'a@b.c', 'A', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
        from generate_series(1, 3) as n;
        insert into achievements.user_achievement_states
          (user_id, lifetime_tasks_completed, current_streak, latest_streak, longest_streak,
           last_completion_date, previous_streak, previous_completion_date, recent, updated_at)
        select id, 30, 9, 9, 20, '2026-03-10', 2, '2026-02-27',
               case google_id
                 when '1' then '{}'
                 when '2' then '{"days": {"2026-03-10": 2, "2026-02-20": 1}, "older": 11, "before": null}'
                 else '{"days": null, "older": null, "before": null}'
               end::jsonb,
               '2026-03-10T00:00:00Z'
        from auth.users;
        """);
    migrations(url).run().orElseThrow();
    assertComplete(url);
    String known = "[2026-02-26,2026-02-28),[2026-03-02,2026-03-11)";
    assertEquals(
        3,
        number(
            url,
            """
            select count(*) from achievements.user_achievement_states s
            join auth.users u on u.id = s.user_id
            where s.kept_until = '2026-03-11' and s.next_missed = '2026-03-11'
              and s.longest_before = case google_id when '2' then 11 else 20 end
              and s.days::text = case google_id
                when '2' then '{[2026-02-20,2026-02-21),%s}' else '{%s}'
              end
            """
                .formatted(known, known)));
    assertEquals(0, number(url, "select count(*) from activity.changes"));
  }

  @Test
  void a_migrated_schema_is_left_alone() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    assertEquals(MIGRATIONS, migrations(url).run().orElseThrow());
    try (TcpProxy proxy = new TcpProxy(postgres.port())) {
      assertEquals(0, migrations(through(proxy, url)).run().orElseThrow());
      assertEquals(1, proxy.accepted(), "the connection that examines the server");
    }
  }

  @Test
  void the_release_knows_the_checksums_of_its_migrations() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    String expected =
        Stream.of(
                Flyway.configure()
                    .dataSource(url.source("test", TIMEOUT, TIMEOUT, TIMEOUT))
                    .locations("classpath:sql/migration")
                    .loggers("slf4j")
                    .load()
                    .info()
                    .all())
            .map(migration -> migration.getVersion() + " " + migration.getChecksum() + "\n")
            .collect(Collectors.joining());
    assertEquals(expected, Files.readString(Path.of("src/main/resources/sql/checksums.txt")));
  }

  @Test
  void FR_078_payments_of_earlier_releases_get_the_events_of_their_status() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    for (int version = 1; version <= 13; version++) {
      execute(url, migration("V" + version + "__"));
    }
    execute(
        url,
        """
        insert into auth.users (id, google_id, email, name, created_at, updated_at)
        values (gen_random_uuid(), 'g', 'ada@example.com', 'Ada', '2026-01-01Z', '2026-01-01Z');
        insert into billing.purchases
          (id, user_id, kind, credits, amount_cents, currency, status, payment_id, period_start,
           attempt, last_event_at, last_event_rank, last_event_id, granted_at, created_at,
           updated_at)
        select gen_random_uuid(), u.id, p.kind, case p.kind when 'credits' then 9 end, 45, 'USD',
               p.status, p.payment, case p.kind when 'renewal' then timestamptz '2026-02-01Z' end,
               case p.kind when 'renewal' then 1 end, case p.event when '' then null else
               timestamptz '2026-01-02Z' end, case p.event when '' then null else 30 end,
               nullif(p.event, ''), case p.given when '' then null else timestamptz '2026-01-02Z' end,
               '2026-01-01Z', '2026-01-03Z'
        from auth.users u,
             (values ('subscription', 'captured', 'pay_1', 'evt_1', 'given'),
                     ('renewal', 'captured', 'pay_2', '', 'given'),
                     ('credits', 'refunded', 'pay_3', 'evt_3', 'given'),
                     ('credits', 'disputed', null, 'evt_4', ''),
                     ('credits', 'declined', 'pay_5', 'evt_5', ''),
                     ('credits', 'open', null, '', '')) p (kind, status, payment, event, given);
        insert into billing.subscriptions
          (id, user_id, status, last_payment_id, current_period_start, current_period_end,
           anchor_day, created_at, updated_at)
        select gen_random_uuid(), id, 'active', 'pay_2', '2026-02-01Z', '2026-03-01Z', 1,
               '2026-01-01Z', '2026-01-01Z'
        from auth.users;
        insert into billing.payment_events
          (id, provider_event_id, user_id, type, event_at, body, received_at)
        select gen_random_uuid(), 'evt_1', id, 'payment_captured', '2026-01-02Z', '{}', '2026-01-02Z'
        from auth.users;
        """);
    execute(url, migration("V15__"));
    assertEquals(
        3,
        number(
            url,
            "select count(*) from billing.payment_events where order_id is not null and type = 'payment_captured'"));
    assertEquals(
        2,
        number(
            url,
            "select count(*) from billing.payment_events where type in ('payment_refunded', 'dispute_received')"));
    assertEquals(
        1, number(url, "select count(*) from billing.purchases where revoked_at is not null"));
    assertEquals(
        1,
        number(
            url,
            "select count(*) from billing.purchases where payment_id = 'pay_2' and credited_at is not null and month_end = '2026-03-01Z'"));
    execute(url, "delete from auth.users");
    assertEquals(6, number(url, "select count(*) from billing.purchases where user_id is null"));
    assertEquals(
        6,
        number(
            url,
            "select count(*) from billing.payment_events where user_id is null and body is null"));
  }

  private static String migration(String prefix) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/main/resources/sql/migration"))) {
      return Files.readString(
          files
              .filter(file -> file.getFileName().toString().startsWith(prefix))
              .findFirst()
              .orElseThrow());
    }
  }

  @Test
  void a_schema_of_a_later_release_is_left_alone() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    migrations(url).run().orElseThrow();
    execute(
        url,
        "insert into flyway_schema_history (installed_rank, version, description, type, script,"
            + " checksum, installed_by, execution_time, success)"
            + " values (99, '99', 'later', 'SQL', 'V99__later.sql', 1, 'later', 1, true)");
    assertEquals(0, migrations(url).run().orElseThrow());
  }

  @Test
  void a_schema_of_other_migrations_is_rejected() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    migrations(url).run().orElseThrow();
    execute(url, "update flyway_schema_history set checksum = 1 where version = '3'");
    assertFails(url, "was created by different migrations");
  }

  @Test
  void a_failing_migration_is_reported_with_the_reason() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    execute(url, "create schema activity");
    execute(url, "create table activity.activity_logs (id int)");
    String message = assertFails(url, "cannot migrate the schema");
    assertTrue(message.contains("activity_logs"), message);
  }

  @Test
  void a_server_without_durable_commits_is_rejected() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    String lazy = url.jdbcUrl() + "?options=-c%20synchronous_commit=off";
    assertFails(new DatabaseUrl(lazy, url.user(), url.password()), "synchronous_commit off");
    try (Postgres unsafe = Postgres.withoutFsync()) {
      DatabaseUrl unsynced = unsafe.emptyDatabase();
      assertFails(unsynced, "fsync off");
      // Neon makes commits durable outside PostgreSQL; a setting identifies it.
      String neon = unsynced.jdbcUrl() + "?options=-c%20neon.timeline_id=1";
      DatabaseUrl elsewhere = new DatabaseUrl(neon, unsynced.user(), unsynced.password());
      assertEquals(MIGRATIONS, migrations(elsewhere).run().orElseThrow());
      DatabaseConfig config = new DatabaseConfig(unsynced, unsynced, 1);
      assertEquals(
          0, new Migrations(config, StartupWait.atMost(TIMEOUT), false).run().orElseThrow());
    }
  }

  @Test
  void the_start_waits_for_a_database_that_is_not_up() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    try (TcpProxy proxy = new TcpProxy(postgres.port())) {
      proxy.cut();
      DatabaseUrl late = through(proxy, url);
      try (ExecutorService instance = Executors.newSingleThreadExecutor()) {
        Future<Integer> migrated = instance.submit(() -> migrations(late).run().orElseThrow());
        Eventually.within(TIMEOUT, () -> proxy.refused() >= 2);
        assertFalse(migrated.isDone());
        proxy.heal();
        assertEquals(MIGRATIONS, migrated.get());
      }
    }
  }

  @Test
  void waiting_for_a_database_ends_at_the_limit() {
    int port = FreePort.find();
    DatabaseUrl nowhere = Postgres.url(port, "nowhere", "");
    Migrations migrations =
        new Migrations(
            new DatabaseConfig(nowhere, nowhere, 1),
            StartupWait.atMost(Duration.ofSeconds(1)),
            true);
    UnusableDatabaseException failed =
        assertThrows(UnusableDatabaseException.class, migrations::run);
    assertEquals(
        "nothing accepts connections at the database address 127.0.0.1:"
            + port
            + "/nowhere; gave up after 1 s",
        failed.getMessage());
  }

  @Test
  void waiting_for_a_database_ends_when_it_is_cancelled() throws Exception {
    DatabaseUrl nowhere = Postgres.url(FreePort.find(), "nowhere", "");
    StartupWait wait = StartupWait.unlimited();
    Migrations migrations = new Migrations(new DatabaseConfig(nowhere, nowhere, 1), wait, true);
    try (ExecutorService instance = Executors.newSingleThreadExecutor()) {
      Future<OptionalInt> result = instance.submit(migrations::run);
      wait.cancel();
      assertEquals(OptionalInt.empty(), result.get());
    }
  }

  @Test
  void a_database_that_goes_away_during_a_migration_is_waited_for() throws Exception {
    DatabaseUrl url = postgres.emptyDatabase();
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        Connection obstacle = connect(url);
        Statement statement = obstacle.createStatement();
        ExecutorService instance = Executors.newSingleThreadExecutor()) {
      statement.execute("create schema activity");
      obstacle.setAutoCommit(false);
      // The fifth migration creates the same table, so it waits for this transaction.
      statement.execute("create table activity.activity_logs (id int)");
      DatabaseUrl proxied = through(proxy, url);
      Future<OptionalInt> migrated = instance.submit(() -> migrations(proxied).run());
      String waiting =
          "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
              + " and query like '%create table activity.activity_logs%'";
      Eventually.within(TIMEOUT, () -> number(url, waiting) == 1);
      proxy.cut();
      // The server ends the statement of the lost client, which could otherwise hold its locks.
      Eventually.within(TIMEOUT, () -> number(url, waiting) == 0);
      obstacle.rollback();
      proxy.heal();
      assertEquals(OptionalInt.of(MIGRATIONS - 4), migrated.get());
    }
    assertComplete(url);
  }

  private static Migrations migrations(DatabaseUrl url) {
    return new Migrations(new DatabaseConfig(url, url, 1), StartupWait.atMost(TIMEOUT), true);
  }

  private static DatabaseUrl through(TcpProxy proxy, DatabaseUrl url) {
    String jdbcUrl = url.jdbcUrl().replace(":" + postgres.port(), ":" + proxy.port());
    return new DatabaseUrl(jdbcUrl, url.user(), url.password());
  }

  private static String assertFails(DatabaseUrl url, String reason) {
    UnusableDatabaseException failed =
        assertThrows(UnusableDatabaseException.class, () -> migrations(url).run());
    String message = String.valueOf(failed.getMessage());
    assertTrue(message.contains(reason), message);
    assertTrue(message.lines().count() == 1, message);
    return message;
  }

  private static void assertComplete(DatabaseUrl url) {
    assertEquals(
        MIGRATIONS, number(url, "select count(*) from flyway_schema_history where success"));
    assertEquals(MIGRATIONS, number(url, "select count(*) from flyway_schema_history"));
    assertEquals(
        1, number(url, "select count(*) from pg_tables where tablename = 'activity_logs'"));
  }

  private static Connection connect(DatabaseUrl url) throws SQLException {
    return url.source("test", TIMEOUT, TIMEOUT, TIMEOUT).getConnection();
  }

  private static void execute(DatabaseUrl url, String sql) throws SQLException {
    try (Connection connection = connect(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static long number(DatabaseUrl url, String sql) {
    try (Connection connection = connect(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}

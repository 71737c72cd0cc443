package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Eventually;
import com.zaxxer.hikari.HikariDataSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** The export contains all data of its user, and no other user's. */
class ExportTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Instant NOW = MutableClock.START;
  private static final String SHOWN = "2026-03-10T09:30:00.000Z";

  @Test
  void the_export_contains_every_table_of_the_user() throws IOException {
    AccountFixture account = new AccountFixture(database, database.pool(2));
    User ada = account.signIn(AccountFixture.identity("ada")).user();
    UUID eve = account.signIn(AccountFixture.identity("eve")).user().id();
    UUID task = fill(ada.id());
    fill(eve);
    JsonNode document = export(account, ada, new ByteArrayOutputStream());

    assertEquals(SHOWN, document.get("exported_at").stringValue());
    assertEquals("ada@example.com", document.get("user").get("email").stringValue());
    JsonNode exported = document.get("tasks").get(0);
    assertEquals(task.toString(), exported.get("id").stringValue());
    assertEquals(SHOWN, exported.get("due_date").stringValue());
    assertTrue(exported.get("completed_at").isNull());
    assertEquals("step", exported.get("subtasks").get(0).get("title").stringValue());
    assertEquals(SHOWN, exported.get("reminders").get(0).get("scheduled_at").stringValue());
    for (String list :
        List.of(
            "tasks",
            "templates",
            "notes",
            "reminders",
            "focus_sessions",
            "voice_sessions",
            "suggestions",
            "notifications",
            "push_subscriptions",
            "webhook_endpoints",
            "webhook_deliveries",
            "access_tokens",
            "calendar_feeds",
            "purchases",
            "payment_events",
            "sessions",
            "tombstones")) {
      assertEquals(1, document.get(list).size(), list);
    }
    assertEquals(3, document.get("activity").size());
    assertEquals(1, document.get("credits").get("grants").size());
    assertEquals(1, document.get("credits").get("history").size());
    assertEquals(
        "{\"daily\":0,\"subscription\":0,\"purchased\":0,\"kickstart\":5,\"total\":5}",
        document.get("credits").get("balance").toString());
    assertEquals(
        "tasks_5", document.get("achievements").get("unlocked").get(0).get("id").stringValue());
    assertEquals(SHOWN, document.get("subscription").get("current_period_start").stringValue());
    assertFalse(document.toString().contains(eve.toString()));
    assertFalse(document.toString().contains("token_hash"));
  }

  @Test
  void a_document_of_many_pages_is_complete_and_holds_no_connection_while_it_is_written()
      throws IOException {
    HikariDataSource pool = database.pool(2);
    AccountFixture account = new AccountFixture(database, pool);
    User user = account.signIn(AccountFixture.identity("busy")).user();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      UUID id = account.ids.next();
      ids.add(id.toString());
      task(user.id(), id);
    }
    List<Integer> active = new ArrayList<>();
    ByteArrayOutputStream slow =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int from, int length) {
            active.add(pool.getHikariPoolMXBean().getActiveConnections());
            super.write(bytes, from, length);
          }
        };
    JsonNode document = export(account, user, slow);
    List<String> exported = new ArrayList<>();
    document.get("tasks").forEach(task -> exported.add(task.get("id").stringValue()));
    assertEquals(ids.stream().sorted().toList(), exported);
    assertEquals(List.of(0), active.stream().distinct().toList());
  }

  @Test
  void FR_123_a_connection_that_breaks_during_an_export_does_not_end_it() throws Exception {
    HikariDataSource pool = database.pool(2);
    AccountFixture account = new AccountFixture(database, pool);
    User user = account.signIn(AccountFixture.identity("unlucky")).user();
    for (int i = 0; i < 120; i++) {
      task(user.id(), account.ids.next());
    }
    try (Connection obstacle = database.dataSource().getConnection();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      obstacle.setAutoCommit(false);
      try (Statement lock = obstacle.createStatement()) {
        lock.execute("lock table notes.notes in access exclusive mode");
      }
      Future<JsonNode> document =
          threads.submit(() -> export(account, user, new ByteArrayOutputStream()));
      Eventually.within(
          Duration.ofSeconds(10),
          () ->
              database.number(
                      """
                      select count(pg_terminate_backend(pid)) from pg_stat_activity
                      where datname = current_database() and wait_event_type = 'Lock'
                        and query like '%from notes.notes n%'
                      """)
                  > 0);
      obstacle.rollback();
      assertEquals(120, document.get().get("tasks").size());
    }
  }

  @Test
  void FR_173_the_document_is_from_one_moment() throws Exception {
    AccountFixture account = new AccountFixture(database, database.pool(2));
    User user = account.signIn(AccountFixture.identity("snapshot")).user();
    task(user.id(), account.ids.next());
    try (Connection obstacle = database.dataSource().getConnection();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      obstacle.setAutoCommit(false);
      try (Statement lock = obstacle.createStatement()) {
        lock.execute("lock table notes.notes in access exclusive mode");
      }
      Future<JsonNode> document =
          threads.submit(() -> export(account, user, new ByteArrayOutputStream()));
      Eventually.within(
          Duration.ofSeconds(10),
          () ->
              database.number(
                      """
                      select count(*) from pg_stat_activity
                      where datname = current_database() and wait_event_type = 'Lock'
                        and query like '%from notes.notes n%'
                      """)
                  == 1);
      database.run(
          """
          insert into tasks.deletion_tombstones
            (id, user_id, entity_type, entity_id, title, snapshot, deleted_at, recoverable_until, seq)
          values (gen_random_uuid(), ?, 'note', gen_random_uuid(), 'later', '{}', ?, ?, 1)
          """,
          user.id(),
          NOW,
          NOW.plusSeconds(60));
      obstacle.rollback();
      assertEquals(0, document.get().get("tombstones").size());
    }
    assertEquals(1, export(account, user, new ByteArrayOutputStream()).get("tombstones").size());
  }

  @Test
  void FR_173_tasks_as_csv_can_be_read_by_a_spreadsheet() throws IOException {
    AccountFixture account = new AccountFixture(database, database.pool(2));
    User user = account.signIn(AccountFixture.identity("csv")).user();
    UUID id = account.ids.next();
    task(user.id(), id);
    database.run("update tasks.task_instances set title = ? where id = ?", "=SUM(\"a\";\nb)", id);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    account.export.tasks(Actor.user(user.id(), null)).writeTo(out);
    String[] lines = out.toString(StandardCharsets.UTF_8).split("\r\n", -1);
    assertTrue(lines[0].startsWith("id,title,description,priority,due_date"), lines[0]);
    assertTrue(lines[1].startsWith(id + ",\"'=SUM(\"\"a\"\";\nb)\","), lines[1]);
  }

  @Test
  void FR_123_a_document_is_written_in_small_parts() throws IOException {
    AccountFixture account = new AccountFixture(database, database.pool(2));
    User user = account.signIn(AccountFixture.identity("historian")).user();
    int entries = 3_000;
    // Several entries have the same time, also where a page ends.
    database.run(
        """
        insert into activity.activity_logs
          (id, user_id, entity_type, entity_id, action, source, request_id, created_at)
        select gen_random_uuid(), ?, 'task', gen_random_uuid(), 'task_updated', 'user',
               gen_random_uuid(), ?::timestamptz + k / 7 * interval '2 min'
        from generate_series(1, ?) k
        """,
        user.id(),
        NOW,
        entries);
    List<Integer> parts = new ArrayList<>();
    ByteArrayOutputStream out =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int from, int length) {
            parts.add(length);
            super.write(bytes, from, length);
          }
        };
    JsonNode activity = export(account, user, out).get("activity");
    List<String> ids = new ArrayList<>();
    activity.forEach(entry -> ids.add(entry.get("id").stringValue()));
    assertEquals(
        database
            .rows(
                """
                select id::text as id from activity.activity_logs
                where user_id = ? order by created_at, id
                """,
                user.id())
            .stream()
            .map(row -> (String) row.get("id"))
            .toList(),
        ids);
    assertTrue(ids.size() > entries);
    assertTrue(Collections.max(parts) < 512 * 1024, "bytes of the largest part");
  }

  @Test
  void the_document_of_a_new_user_is_complete() throws IOException {
    AccountFixture account = new AccountFixture(database, database.pool(2));
    User user = account.signIn(AccountFixture.identity("fresh")).user();
    JsonNode document = export(account, user, new ByteArrayOutputStream());
    assertEquals(0, document.get("tasks").size());
    assertTrue(document.get("subscription").isNull());
  }

  private static JsonNode export(AccountFixture account, User user, ByteArrayOutputStream out)
      throws IOException {
    try (OutputStream stream = out) {
      account.export.document(Actor.user(user.id(), null)).writeTo(stream);
    }
    return account.json.parse(out.toString(StandardCharsets.UTF_8));
  }

  private static void task(UUID user, UUID id) {
    database.run(
        """
        insert into tasks.task_instances (id, user_id, title, due_date, created_at, updated_at)
        values (?, ?, 'ta"sk', ?, ?, ?)
        """,
        id,
        user,
        NOW,
        NOW,
        NOW);
    database.run("update auth.users set open_tasks = open_tasks + 1 where id = ?", user);
  }

  /** Inserts a row into every table. Returns the task's id. */
  private static UUID fill(UUID user) {
    UUID task = UUID.randomUUID();
    task(user, task);
    insert(
        """
        insert into tasks.subtasks
          (id, user_id, task_id, title, order_index, created_at, updated_at)
        values (gen_random_uuid(), :u, :t, 'step', 0, :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into tasks.reminders
          (id, user_id, task_id, type, scheduled_at, created_at, updated_at)
        values (gen_random_uuid(), :u, :t, 'absolute', :n, :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into tasks.task_templates
          (id, user_id, title, rrule, timezone, starts_at, created_at, updated_at)
        values (gen_random_uuid(), :u, 'daily', 'FREQ=DAILY', 'UTC', :n, :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into notes.notes (id, user_id, content, archived, created_at, updated_at)
        values (gen_random_uuid(), :u, 'note', true, :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into tasks.focus_sessions (id, user_id, task_id, started_at)
        values (gen_random_uuid(), :u, :t, :n)
        """,
        user,
        task);
    insert(
        """
        insert into notes.voice_sessions (id, user_id, started_at, ended_at, end_reason, opened_at)
        values (gen_random_uuid(), :u, :n, :n, 'complete', :n)
        """,
        user,
        task);
    insert(
        """
        insert into activity.ai_suggestions
          (id, user_id, action_type, data, status, expires_at, created_at, updated_at)
        values (gen_random_uuid(), :u, 'create_task', '{"title": "x"}', 'proposed', :n, :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into activity.notifications
          (id, user_id, type, title, body, created_at, updated_at)
        values (gen_random_uuid(), :u, 'system', 'title', 'body', :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into activity.push_subscriptions
          (id, user_id, endpoint, p256dh, auth, created_at, updated_at)
        values (gen_random_uuid(), :u, 'https://push.example/' || gen_random_uuid(),
                decode(repeat('04', 65), 'hex'), decode(repeat('00', 16), 'hex'), :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into activity.webhook_endpoints
          (user_id, id, url, events, payload, secret, position, created_at, updated_at)
        values (:u, gen_random_uuid(), 'https://hooks.example/', '{*}', 'thin',
                decode(repeat('07', 24), 'hex'), 0, :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into activity.webhook_deliveries
          (user_id, id, endpoint_id, event, body, remaining, status, created_at)
        select user_id, gen_random_uuid(), id, 'webhook.test', '{}', 10, 'cancelled', :n
        from activity.webhook_endpoints where user_id = :u
        """,
        user,
        task);
    insert(
        """
        insert into auth.personal_tokens
          (user_id, id, name, token_hash, scopes, created_at, expires_at)
        values (:u, gen_random_uuid(), 'Scripts', sha256('x'), 'tasks:read tasks:write', :n,
                :n::timestamptz + interval '1 day')
        """,
        user,
        task);
    insert(
        """
        insert into tasks.calendar_feeds (id, user_id, name, kind, token_hash, last_read_at, created_at)
        values (gen_random_uuid(), :u, 'Work', 'event', sha256(gen_random_uuid()::text::bytea), :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into billing.purchases
          (id, user_id, kind, amount_cents, currency, created_at, updated_at)
        values (gen_random_uuid(), :u, 'subscription', 999, 'USD', :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into billing.payment_events
          (id, provider_event_id, user_id, type, event_at, body, status, received_at)
        values (gen_random_uuid(), gen_random_uuid()::text, :u, 'payment_approved', :n, '',
                'ignored', :n)
        """,
        user,
        task);
    insert(
        """
        insert into billing.subscriptions
          (id, user_id, status, current_period_start, current_period_end, anchor_day, created_at,
           updated_at)
        values (gen_random_uuid(), :u, 'active', :n, :n + interval '1 month', 10, :n, :n)
        """,
        user,
        task);
    insert(
        """
        insert into achievements.unlocks (user_id, achievement_id, unlocked_at)
        values (:u, 'tasks_5', :n)
        """,
        user,
        task);
    insert(
        """
        insert into tasks.deletion_tombstones
          (id, user_id, entity_type, entity_id, title, snapshot, deleted_at, recoverable_until)
        values (gen_random_uuid(), :u, 'note', gen_random_uuid(), 'gone', '{"note": {}}', :n,
                :n + interval '7 days')
        """,
        user,
        task);
    return task;
  }

  private static void insert(String sql, UUID user, UUID task) {
    List<Object> arguments = new ArrayList<>();
    var matcher = java.util.regex.Pattern.compile(":(u|t|n)\\b").matcher(sql);
    String positional =
        matcher.replaceAll(
            match -> {
              arguments.add(
                  switch (match.group(1)) {
                    case "u" -> user;
                    case "t" -> task;
                    default -> NOW;
                  });
              return "?";
            });
    database.run(positional, arguments.toArray());
  }
}

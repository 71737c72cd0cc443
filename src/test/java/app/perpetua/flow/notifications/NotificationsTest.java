package app.perpetua.flow.notifications;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class NotificationsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Instant NOW = MutableClock.START;

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Notifications notifications =
      new Notifications(
          ids,
          new Jobs(ids, new Json()),
          new Pages("/dashboard/tasks/{task_id}", "/achievements", "/subscription"));
  private final Db db =
      new Db(database.pool(4), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
  private final UUID user = database.newUser().save();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_055_a_notification_commits_with_its_change() {
    UUID task = UUID.randomUUID();
    write(
        tx ->
            notifications.add(
                tx, Notification.Type.REMINDER, "Water", "now", "/t/1", task, "reminder:1", false));
    Map<String, @Nullable Object> row = only();
    assertEquals("reminder", row.get("type"));
    assertEquals("Water", row.get("title"));
    assertEquals("now", row.get("body"));
    assertEquals("/t/1", row.get("action_url"));
    assertEquals(task, row.get("task_id"));
    assertEquals(false, row.get("read"));
    assertNull(row.get("read_at"));
    assertEquals(NOW, row.get("created_at"));
  }

  @Test
  void a_key_notifies_each_user_once() {
    subscribe(user);
    for (int i = 0; i < 3; i++) {
      write(tx -> add(tx, "first", "k"));
      clock.advance(Duration.ofDays(400));
    }
    UUID other = database.newUser().save();
    write(other, tx -> add(tx, "theirs", "k"));
    assertEquals("first", only().get("title"));
    assertEquals(1, jobs(user));
    assertEquals(1, count(other));
  }

  @Test
  void a_key_notifies_once_even_after_deletion() {
    subscribe(user);
    write(tx -> add(tx, "first", "k"));
    write(
        tx -> notifications.delete(tx, (UUID) java.util.Objects.requireNonNull(only().get("id"))));
    write(tx -> add(tx, "second", "k"));
    assertEquals(0, count(user));
    assertEquals(1, jobs(user));
    write(tx -> add(tx, "other", "l"));
    assertEquals("other", only().get("title"));
  }

  @Test
  void a_key_notifies_once_within_a_transaction() {
    write(
        tx -> {
          add(tx, "first", "k");
          add(tx, "second", "k");
        });
    assertEquals("first", only().get("title"));
  }

  @Test
  void without_a_key_notifications_repeat() {
    subscribe(user);
    write(tx -> add(tx, "a", null));
    write(tx -> add(tx, "a", null));
    assertEquals(2, count(user));
    assertEquals(2, jobs(user));
  }

  @Test
  void FR_056_a_push_goes_to_all_subscriptions_of_the_user_only() {
    UUID first = subscribe(user);
    UUID second = subscribe(user);
    subscribe(database.newUser().save());
    write(tx -> add(tx, "a", "k"));
    UUID id = (UUID) only().get("id");
    assertEquals(
        List.of(id + ":" + first, id + ":" + second).stream().sorted().toList(),
        database
            .rows(
                "select job_key from ops.job_queue where user_id = ? and kind = 'push_send' order by 1",
                user)
            .stream()
            .map(row -> row.get("job_key"))
            .toList());
  }

  @Test
  void a_notification_without_push_enqueues_no_push() {
    subscribe(user);
    write(tx -> notifications.add(tx, Notification.Type.SYSTEM, "a", "", null, null, "k", false));
    assertEquals(0, jobs(user));
  }

  @Test
  void a_title_is_cut_to_100_and_a_body_to_500_code_points() {
    write(
        tx ->
            notifications.add(
                tx,
                Notification.Type.SYSTEM,
                "t".repeat(101),
                "😀".repeat(501),
                null,
                null,
                null,
                false));
    assertEquals("t".repeat(100), only().get("title"));
    assertEquals("😀".repeat(500), only().get("body"));
  }

  @Test
  void truncation_respects_graphemes() {
    String astronaut = "👩‍🚀";
    write(
        tx ->
            notifications.add(
                tx,
                Notification.Type.SYSTEM,
                "t".repeat(98) + astronaut,
                "e\u0301".repeat(251),
                null,
                null,
                null,
                false));
    assertEquals("t".repeat(98), only().get("title"));
    assertEquals("e\u0301".repeat(250), only().get("body"));
  }

  @Test
  void a_grapheme_above_the_maximum_is_truncated() {
    write(
        tx ->
            notifications.add(
                tx,
                Notification.Type.SYSTEM,
                "e" + "\u0301".repeat(200),
                "",
                null,
                null,
                null,
                false));
    assertEquals("e" + "\u0301".repeat(99), only().get("title"));
  }

  private void add(Tx tx, String title, @Nullable String key) {
    notifications.add(tx, Notification.Type.SYSTEM, title, "", null, null, key, true);
  }

  private UUID subscribe(UUID who) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into activity.push_subscriptions
          (id, user_id, endpoint, p256dh, auth, created_at, updated_at)
        values (?, ?, 'https://push.example/' || gen_random_uuid(),
                decode(repeat('04', 65), 'hex'), decode(repeat('00', 16), 'hex'), ?, ?)
        """,
        id,
        who,
        NOW,
        NOW);
    return id;
  }

  private Map<String, @Nullable Object> only() {
    return database.row("select * from activity.notifications where user_id = ?", user);
  }

  private long count(UUID who) {
    return database.number("select count(*) from activity.notifications where user_id = ?", who);
  }

  private long jobs(UUID who) {
    return database.number("select count(*) from ops.job_queue where user_id = ?", who);
  }

  private void write(Consumer<Tx> work) {
    write(user, work);
  }

  private void write(UUID who, Consumer<Tx> work) {
    db.write(
        Actor.user(who, "test"),
        tx -> {
          tx.lockOwner();
          work.accept(tx);
          return "";
        });
  }
}

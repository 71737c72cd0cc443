package app.perpetua.flow.achievements;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.credits.CreditConfig;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.notifications.Pages;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The rules, called by other features and concurrently with the daily job. */
class AchievementsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Instant NOW = MutableClock.START;

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Json json = new Json();
  private final Events events = new Events(ids, json);
  private final Achievements achievements =
      new Achievements(
          new AchievementConfig(50, 200, 10, 25, 10),
          new Credits(new CreditConfig(10, 100, 50), ids, json, events, new SimpleMeterRegistry()),
          new Notifications(
              ids,
              new Jobs(ids, json),
              new Pages("/dashboard/tasks/{task_id}", "/achievements", "/subscription")),
          events,
          json);
  private final Db db =
      new Db(
          database.pool(4),
          SqlCatalog.load(),
          clock,
          Duration.ofMinutes(1),
          now -> {
            database.makeDays(now);
            return true;
          });
  private final UUID user = database.newUser().save();

  @BeforeEach
  void days() {
    database.makeDays(NOW);
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_045_focus_counts_only_with_the_first_completion_of_a_task() {
    write(tx -> achievements.completed(tx, completion(true, true)));
    write(tx -> achievements.completed(tx, completion(false, true)));
    write(tx -> achievements.completed(tx, completion(true, false)));
    Achievements.Overview overview = read(achievements::overview);
    assertEquals(1, overview.stats().focus());
    assertEquals(2, overview.stats().tasks());
  }

  @Test
  void FR_046_the_tenth_converted_note_unlocks() {
    for (int i = 1; i < 10; i++) {
      write(achievements::noteConverted);
    }
    assertEquals(9, read(achievements::overview).stats().notes());
    write(
        tx -> {
          assertEquals(List.of(), achievements.unlocked(tx));
          achievements.noteConverted(tx);
          assertEquals(
              List.of("notes_10"),
              achievements.unlocked(tx).stream().map(Achievements.Unlocked::id).toList());
          assertEquals(5, tx.owner().perkNotes());
        });
    assertEquals(15, read(achievements::overview).limits().maxNotes());
  }

  @Test
  void several_completions_of_one_transaction_all_count_and_unlock_once() {
    write(
        tx -> {
          for (int i = 0; i < 26; i++) {
            achievements.completed(tx, completion(true, false));
          }
          assertEquals(
              List.of("tasks_5", "tasks_25"),
              achievements.unlocked(tx).stream().map(Achievements.Unlocked::id).toList());
          assertEquals(1, achievements.streak(tx));
          assertEquals(40, tx.owner().perkTasks());
        });
    Achievements.Overview overview = read(achievements::overview);
    assertEquals(26, overview.stats().tasks());
    assertEquals(90, overview.limits().maxTasks());
    assertEquals(2, overview.unlocked().size());
  }

  @Test
  void SC_007_a_completion_in_the_last_millisecond_survives_the_job_that_begins_before_it_commits()
      throws Exception {
    write(tx -> achievements.completed(tx, completion(true, false)));
    clock.set(Instant.parse("2026-03-11T23:59:59.999Z"));
    CompletableFuture<Optional<String>> job = new CompletableFuture<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      write(
          tx -> {
            achievements.completed(tx, completion(true, false));
            // The transaction has read the row but not yet stored it when the job runs at midnight.
            threads.execute(() -> job.complete(breakStreaks("2026-03-12")));
            Eventually.within(
                Duration.ofSeconds(30),
                () ->
                    database.number(
                            """
                            select count(*) from pg_stat_activity
                            where datname = current_database() and wait_event_type = 'Lock'
                            """)
                        == 1);
          });
      job.get(30, TimeUnit.SECONDS);
    }
    assertEquals(2, storedStreak());
    assertEquals(Optional.empty(), breakStreaks("2026-03-12"));
    clock.set(Instant.parse("2026-03-12T00:00:00.001Z"));
    assertEquals(2, read(achievements::overview).streak());
    write(tx -> achievements.completed(tx, completion(true, false)));
    assertEquals(3, read(achievements::overview).streak());
  }

  @Test
  void FR_224_completions_that_meet_at_midnight_count_for_their_days() throws Exception {
    write(tx -> achievements.completed(tx, completion(true, false)));
    clock.set(Instant.parse("2026-03-11T23:59:59.999Z"));
    CompletableFuture<Integer> next = new CompletableFuture<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      write(
          tx -> {
            achievements.completed(tx, completion(true, false));
            clock.set(Instant.parse("2026-03-12T00:00:00Z"));
            // The other process has the next day when it waits for the user's row.
            threads.execute(
                () ->
                    write(
                        other -> {
                          achievements.completed(other, completion(true, false));
                          next.complete(achievements.streak(other));
                        }));
            Eventually.within(
                Duration.ofSeconds(30),
                () ->
                    database.number(
                            """
                            select count(*) from pg_stat_activity
                            where datname = current_database() and wait_event_type = 'Lock'
                            """)
                        == 1);
          });
      assertEquals(3, next.get(30, TimeUnit.SECONDS));
    }
    assertEquals(3, storedStreak());
    assertEquals(3, read(achievements::overview).stats().tasks());
  }

  @Test
  void the_streak_job_processes_all_users_in_batches_and_then_ends() {
    write(tx -> achievements.completed(tx, completion(true, false)));
    assertEquals(Optional.empty(), breakStreaks("2026-03-11"));
    assertEquals(Optional.of(""), breakStreaks("2026-03-12"));
    assertEquals(Optional.empty(), breakStreaks("2026-03-12"));
    assertEquals(0, storedStreak());
  }

  private long storedStreak() {
    return database.number(
        "select current_streak from achievements.user_achievement_states where user_id = ?", user);
  }

  private Optional<String> breakStreaks(String day) {
    return db.write(
        Actor.system(null),
        tx -> new StreakJob(achievements, json).run(tx, LocalDate.parse(day), ""));
  }

  private Event.TaskCompleted completion(boolean counts, boolean focused) {
    return new Event.TaskCompleted(ids.next(), "manual", clock.instant(), counts, focused, null);
  }

  private <T> T read(Function<Tx, T> work) {
    return db.read(Actor.user(user, "test"), work);
  }

  private void write(Consumer<Tx> work) {
    db.write(
        Actor.user(user, "test"),
        tx -> {
          tx.lockOwner();
          work.accept(tx);
          return "";
        });
  }
}

package app.perpetua.flow.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Eventually;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DailyJobsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final JobsFixture on = new JobsFixture(database);
  private final List<String> days = new CopyOnWriteArrayList<>();
  private final Map<String, DailyJobs.Batch> nightly =
      Map.of(
          "cleanup",
          (_, day, _) -> {
            days.add(day.toString());
            return Optional.empty();
          });

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private Worker worker() {
    return worker(on.db);
  }

  private Worker worker(Db db) {
    return on.worker(db, Map.of(), nightly);
  }

  @Test
  void promise_13_three_workers_with_different_clocks_run_each_day_once() {
    on.clock.set(Instant.parse("2026-03-10T23:59:58Z"));
    List<Worker> workers = new ArrayList<>();
    try {
      for (int seconds : new int[] {-5, 0, 5}) {
        Worker worker = worker(on.db(Clock.offset(on.clock, Duration.ofSeconds(seconds))));
        workers.add(worker);
        worker.start();
      }
      Eventually.within(Duration.ofSeconds(30), () -> days.size() >= 2);
      on.clock.advance(Duration.ofSeconds(10));
      workers.forEach(Worker::wake);
      on.clock.advance(Duration.ofSeconds(10));
      workers.forEach(Worker::wake);
      workers.getFirst().runDue();
    } finally {
      workers.forEach(Worker::close);
    }
    assertEquals(List.of("2026-03-10", "2026-03-11"), days.stream().sorted().toList());
    assertEquals(
        2, database.number("select count(*) from ops.schedule_runs where finished_at is not null"));
  }

  @Test
  void promise_13_missed_days_run_once() {
    worker().runDue();
    on.clock.advance(Duration.ofDays(3));
    worker().runDue();
    worker().runDue();
    assertEquals(List.of("2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"), days);
  }

  @Test
  void missed_days_run_for_up_to_a_week_and_a_clock_set_back_enqueues_nothing() {
    worker().runDue();
    on.clock.advance(Duration.ofDays(30));
    worker().runDue();
    assertEquals(9, days.size());
    on.clock.advance(Duration.ofDays(-30));
    worker().runDue();
    assertEquals(9, days.size());
  }

  @Test
  void a_daily_job_works_in_batches_that_pass_on_a_cursor() {
    List<String> cursors = new ArrayList<>();
    Worker worker =
        on.worker(
            on.db,
            Map.of(),
            Map.of(
                "batches",
                (_, _, cursor) -> {
                  cursors.add(cursor);
                  return cursors.size() < 3
                      ? Optional.of("after " + cursors.size())
                      : Optional.empty();
                }));
    assertEquals(3, worker.runDue().size());
    assertEquals(List.of("", "after 1", "after 2"), cursors);
    assertEquals(
        1, database.number("select count(*) from ops.schedule_runs where finished_at is not null"));
    assertTrue(worker.runDue().isEmpty());
  }
}

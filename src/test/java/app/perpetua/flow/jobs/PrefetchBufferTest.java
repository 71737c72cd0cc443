package app.perpetua.flow.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PrefetchBufferTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long MILLISECOND = Duration.ofMillis(1).toNanos();

  private final JobsFixture on = new JobsFixture(database);
  private final PrefetchBuffer buffer = new PrefetchBuffer();

  private static Job job() {
    return new Job(
        UUID.randomUUID(), null, "x", "k", "{}", 1, 5, UUID.randomUUID(), TraceContext.start());
  }

  private List<String> keys(int now, int later) {
    return new Lease(on.db, on.ids, Set.of("x"))
        .claim(now, later, false).jobs().stream().map(Job::key).toList();
  }

  private void tried(String key) {
    on.enqueue(null, "x", key);
    database.run("update ops.job_queue set attempts = 1 where job_key = ?", key);
  }

  @Test
  void claims_as_many_as_ran_in_the_last_100_ms_up_to_32() {
    assertEquals(0, buffer.claimSize(1_000 * MILLISECOND));
    buffer.recordRun(1_001 * MILLISECOND);
    buffer.recordRun(1_002 * MILLISECOND);
    assertEquals(2, buffer.claimSize(1_003 * MILLISECOND));
    assertEquals(2, buffer.claimSize(1_150 * MILLISECOND));
    assertEquals(0, buffer.claimSize(1_260 * MILLISECOND));
    for (int i = 0; i < 100; i++) {
      buffer.recordRun(1_270 * MILLISECOND);
    }
    assertEquals(PrefetchBuffer.MAX_SIZE, buffer.claimSize(1_271 * MILLISECOND));
  }

  @Test
  void claims_more_when_half_empty() {
    for (int i = 0; i < 4; i++) {
      buffer.recordRun(1_000 * MILLISECOND);
      buffer.add(job(), 1_000 * MILLISECOND);
    }
    assertFalse(buffer.isLow());
    assertEquals(0, buffer.claimSize(1_001 * MILLISECOND));
    assertTrue(buffer.poll().isPresent());
    assertTrue(buffer.poll().isPresent());
    assertTrue(buffer.isLow());
    assertEquals(2, buffer.claimSize(1_002 * MILLISECOND));
  }

  @Test
  void prefetched_jobs_that_wait_too_long_are_removed() {
    Job old = job();
    Job young = job();
    buffer.add(old, 1_000 * MILLISECOND);
    buffer.add(young, 1_200 * MILLISECOND);
    assertEquals(List.of(old), buffer.removeStale(1_300 * MILLISECOND));
    assertEquals(List.of(young), buffer.jobs());
    assertEquals(List.of(young), buffer.removeAll());
    assertTrue(buffer.poll().isEmpty());
  }

  @Test
  void promise_13_retried_jobs_are_claimed_only_to_run_at_once_and_run_first() {
    on.enqueue(null, "x", "new 1");
    tried("tried 1");
    on.enqueue(null, "x", "new 2");
    tried("tried 2");
    assertEquals(List.of("new 1", "new 2"), keys(0, 4));
    assertEquals(List.of("tried 1"), keys(1, 3));
    assertEquals(List.of("tried 2"), keys(2, 0));
    database.run("delete from ops.job_queue");
  }

  @Test
  void slow_jobs_are_released_to_other_workers() throws Exception {
    for (int i = 0; i < 60; i++) {
      on.enqueue(null, "x", "quick " + i);
    }
    for (int i = 0; i < 30; i++) {
      on.enqueue(null, "x", "slow " + i);
    }
    AtomicInteger slow = new AtomicInteger();
    CountDownLatch goesOn = new CountDownLatch(1);
    TransactionalHandler handler =
        (_, job) -> {
          if (job.key().startsWith("slow")) {
            slow.incrementAndGet();
            try {
              goesOn.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
          return JobsFixture.done();
        };
    try (Worker worker = on.worker(Map.of("x", handler))) {
      worker.start();
      Eventually.within(LIMIT, () -> slow.get() == 4);
      Eventually.within(
          LIMIT,
          () -> database.number("select count(*) from ops.job_queue where state = 'running'") == 4);
      assertEquals(
          0,
          database.number(
              "select count(*) from ops.job_queue where state = 'queued' and attempts > 0"));
      goesOn.countDown();
      Eventually.within(LIMIT, () -> database.number("select count(*) from ops.job_queue") == 0);
    }
    assertEquals(90, on.runs.size());
    Invariants.check(database);
  }
}

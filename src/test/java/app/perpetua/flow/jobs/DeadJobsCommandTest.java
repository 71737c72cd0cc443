package app.perpetua.flow.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DeadJobsCommandTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @Test
  void dead_jobs_are_listed_and_retried() {
    database.run(
        """
        insert into ops.job_queue
          (id, kind, job_key, state, run_at, attempts, last_error, created_at, finished_at)
        values (gen_random_uuid(), 'push_send', 'a', 'dead', ?, 5, E'Boom: two\nlines', ?, ?)
        """,
        MutableClock.START,
        MutableClock.START,
        MutableClock.START);
    try (DeadJobsCommand command = new DeadJobsCommand(database.config(), new MutableClock())) {
      assertEquals(
          "2026-03-10T09:30:00.000Z\tpush_send\ta\t5 attempts\tsystem\tBoom: two lines\n1 dead\n",
          command.list());
      assertEquals("1 requeued\n", command.retry());
      assertEquals("0 dead\n", command.list());
    }
  }
}

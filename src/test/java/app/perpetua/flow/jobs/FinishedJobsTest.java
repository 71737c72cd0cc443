package app.perpetua.flow.jobs;

import static app.perpetua.flow.jobs.JobsFixture.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How a job leaves the queue, and which commits wait for the disk. */
class FinishedJobsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final JobsFixture on = new JobsFixture(database);
  private final UUID user = database.newUser().save();

  /** Records the setting with which each transaction that ends a job commits. */
  @BeforeEach
  void recordCommits() {
    database.run("create table ops.commits (setting text)");
    database.run(
        """
        create function ops.record_commit() returns trigger language plpgsql as $$
        begin
          insert into ops.commits values (current_setting('synchronous_commit'));
          return null;
        end $$
        """);
    database.run(
        """
        create constraint trigger record_commit after delete on ops.job_queue
        deferrable initially deferred for each row execute function ops.record_commit()
        """);
  }

  @AfterEach
  void stopRecording() {
    database.run("drop function ops.record_commit cascade");
    database.run("drop table ops.commits");
    Invariants.check(database);
  }

  private List<String> commits() {
    return database.rows("select setting from ops.commits").stream()
        .map(row -> String.valueOf(row.get("setting")))
        .toList();
  }

  private static final class Ask implements TwoPhaseHandler<String, String> {
    private final TwoPhaseHandler.Prepared<String> prepared;

    Ask(TwoPhaseHandler.Prepared<String> prepared) {
      this.prepared = prepared;
    }

    @Override
    public Prepared<String> prepare(Tx tx, Job job) {
      return prepared;
    }

    @Override
    public String call(String input) {
      return input;
    }

    @Override
    public TransactionalHandler.Next settle(Tx tx, Job job, String input, String result) {
      return done();
    }
  }

  static Stream<Arguments> handlers() {
    TransactionalHandler transactional = (_, _) -> done();
    return Stream.of(
        Arguments.of("one transaction", transactional, "off"),
        Arguments.of("no call", new Ask(TwoPhaseHandler.Prepared.done()), "off"),
        Arguments.of("a call", new Ask(new TwoPhaseHandler.Prepared.Call<>("ask")), "on"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("handlers")
  void FR_127_only_the_end_of_a_job_that_has_called_a_provider_waits_for_the_disk(
      String title, JobHandler handler, String expected) {
    on.enqueue(user, "x", "a");
    on.enqueue(null, "x", "b");
    List<Worker.Run> ran = on.mixed(Map.of("x", handler)).runDue();
    assertEquals(
        List.of(Worker.Outcome.DONE, Worker.Outcome.DONE),
        ran.stream().map(Worker.Run::outcome).toList(),
        title);
    assertEquals(List.of(expected, expected), commits());
    assertTrue(on.isFinished("a") && on.isFinished("b"));
    on.enqueue(user, "x", "c");
    on.write(user, tx -> on.jobs.cancel(tx, "x", "c"));
    assertEquals("on", commits().getLast(), "later transactions of the connection");
  }

  @Test
  void FR_126_the_queue_keeps_nothing_of_a_job_but_its_effect() {
    on.enqueue(user, "x", "a");
    TransactionalHandler handler =
        (tx, job) -> {
          on.jobs.enqueue(tx, "effect", job.key(), tx.now().plusSeconds(1), Map.of());
          return done();
        };
    on.worker(Map.of("x", handler)).runDue();
    assertEquals(Map.of("kind", "effect"), database.row("select kind from ops.job_queue"));
  }

  @Test
  void FR_126_a_job_that_an_earlier_release_has_finished_does_not_hold_up_the_next_of_its_key() {
    on.enqueue(user, "x", "a");
    database.run("update ops.job_queue set state = 'done', finished_at = run_at");
    on.enqueue(user, "x", "a");
    assertEquals(1, on.worker(Map.of("x", (_, _) -> done())).runDue().size());
    assertEquals(1, database.number("select count(*) from ops.job_queue where state = 'done'"));
  }
}

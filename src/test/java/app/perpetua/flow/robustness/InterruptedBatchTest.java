package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NextCommit;
import app.perpetua.flow.harness.NextCommit.Moment;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sync.Batches;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The connection to PostgreSQL breaks during the commit of a command in the middle of a batch. */
class InterruptedBatchTest {
  private static final int COMMANDS = 6;

  private static final NextCommit COMMIT = new NextCommit();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(COMMIT);

  private final TestService.Session user = service.newUser();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @ParameterizedTest
  @CsvSource({"0, BEFORE", "0, AFTER", "2, BEFORE", "2, AFTER", "5, BEFORE", "5, AFTER"})
  void FR_147_the_retry_of_an_interrupted_batch_executes_the_rest(int passing, Moment moment) {
    Batches batch = new Batches();
    for (int i = 0; i < COMMANDS; i++) {
      batch.add("note.create", Map.of("content", "note " + i));
    }
    breakAfter(passing, moment);
    Batches.Answer interrupted = batch.send(user.api());
    assertEquals(Collections.nCopies(passing, 201), interrupted.statuses().subList(0, passing));
    assertEquals(
        Collections.nCopies(COMMANDS - passing, "SERVICE_UNAVAILABLE"),
        interrupted.codes().subList(passing, COMMANDS));
    assertEquals(passing + (moment == Moment.AFTER ? 1 : 0), notes());
    Batches.Answer retried = batch.sendUntilExecuted(user.api());
    assertEquals(Collections.nCopies(COMMANDS, 201), retried.statuses());
    for (int i = 0; i < passing; i++) {
      assertEquals(interrupted.result(i), retried.result(i));
    }
    assertEquals(COMMANDS, notes());
    assertEquals(
        List.of("note 0", "note 1", "note 2", "note 3", "note 4", "note 5"),
        database
            .rows("select content from notes.notes where user_id = ? order by id", user.userId())
            .stream()
            .map(row -> String.valueOf(row.get("content")))
            .toList());
  }

  private static void breakAfter(int passing, Moment moment) {
    if (passing == 0) {
      COMMIT.when(moment, () -> false);
    } else {
      COMMIT.when(
          Moment.BEFORE,
          () -> {
            breakAfter(passing - 1, moment);
            return true;
          });
    }
  }

  private long notes() {
    return database.number("select count(*) from notes.notes where user_id = ?", user.userId());
  }
}

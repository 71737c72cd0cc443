package app.perpetua.flow.chaos.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.chaos.wire.ClientMessages.Meaning;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientMessagesTest {
  private final ClientMessages messages = new ClientMessages();

  private Meaning next(char type, String... strings) {
    return next(true, type, strings);
  }

  private Meaning next(@Nullable Boolean inTransaction, char type, String... strings) {
    String body = String.join("\0", strings) + "\0";
    return messages.next(type, body.getBytes(StandardCharsets.ISO_8859_1), inTransaction);
  }

  private Meaning execute(String sql) {
    next('P', "", sql);
    next('B', "", "");
    return next('E', "", "\0\0\0\0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"COMMIT", "commit", " \nCommit ;", "END", "commit work"})
  void a_commit_is_recognized_in_both_protocols(String sql) {
    assertEquals(Meaning.END_AND_COMMIT, next('Q', sql));
    assertEquals(Meaning.COMMIT, execute(sql));
    assertEquals(Meaning.END, next('S'));
  }

  @ParameterizedTest
  @ValueSource(strings = {"select 'commit'", "rollback", "begin", "select commit from t", ""})
  void other_statements_are_no_commit(String sql) {
    assertEquals(Meaning.END, next('Q', sql));
    assertEquals(Meaning.PLAIN, execute(sql));
    assertEquals(Meaning.END, next('S'));
  }

  @Test
  void a_commit_that_was_prepared_earlier_is_recognized_by_its_name() {
    next('P', "S_1", "COMMIT");
    next('P', "S_2", "select 1");
    next('S');
    next('B', "", "S_2");
    assertEquals(Meaning.PLAIN, next('E', "", "\0\0\0\0"));
    next('B', "portal", "S_1");
    assertEquals(Meaning.COMMIT, next('E', "portal", "\0\0\0\0"));
    next('C', "SS_1");
    next('B', "", "S_1");
    assertEquals(Meaning.PLAIN, next('E', "", "\0\0\0\0"));
  }

  @Test
  void a_commit_behind_deferred_statements_of_one_batch_is_recognized() {
    assertEquals(Meaning.PLAIN, execute("insert into tasks.t values (1)"));
    assertEquals(Meaning.COMMIT, execute("\ncommit"));
    assertEquals(Meaning.END, next('S'));
  }

  @Test
  void a_write_outside_a_transaction_commits_at_the_end_of_its_batch() {
    for (String write :
        List.of(
            "insert into a.b values (1)",
            "update a.b set c = 1",
            "with x as (delete from a.b returning 1) select * from x")) {
      next(false, 'P', "", write);
      next(false, 'B', "", "");
      assertEquals(Meaning.PLAIN, next(false, 'E', "", "\0\0\0\0"));
      assertEquals(Meaning.END_AND_COMMIT, next(false, 'S'));
      assertEquals(Meaning.END_AND_COMMIT, next(false, 'Q', write));
    }
  }

  @Test
  void a_write_in_a_transaction_does_not_commit() {
    next(false, 'P', "", "begin");
    next('B', "", "");
    next('E', "", "\0\0\0\0");
    execute("insert into a.b values (1)");
    assertEquals(Meaning.END, next(false, 'S'), "begun in this batch");
    execute("insert into a.b values (1)");
    assertEquals(Meaning.END, next(true, 'S'), "begun earlier");
    next(false, 'P', "", "select * from a.b for update");
    next(false, 'B', "", "");
    next(false, 'E', "", "\0\0\0\0");
    assertEquals(Meaning.END, next(false, 'S'), "only reads");
  }

  @Test
  void a_begin_that_is_sent_ahead_of_its_batch_counts_before_the_server_answers() {
    assertEquals(Meaning.END, next(false, 'Q', "BEGIN"));
    next(null, 'P', "", "insert into a.b values (1)");
    next(null, 'B', "", "");
    next(null, 'E', "", "\0\0\0\0");
    assertEquals(Meaning.END, next(null, 'S'));
    assertEquals(Meaning.END_AND_COMMIT, next(true, 'Q', "COMMIT"));
  }
}

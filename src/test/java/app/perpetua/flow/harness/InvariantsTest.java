package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What no constraint prevents is found by its invariant. */
class InvariantsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  /** A user with a grant of five credits, two of which were spent and one was refunded. */
  private static final String INTACT =
      """
      insert into auth.users (id, google_id, email, name, created_at, updated_at)
      values ('00000000-0000-0000-0000-000000000001', 'g', 'g@example.com', 'G', now(), now());
      insert into billing.ai_credit_grants
        (id, user_id, credit_type, amount, remaining, spent, dedup_key, created_at)
      values ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001',
              'kickstart', 5, 4, 1, 'kickstart', now());
      insert into billing.ai_credit_ledger
        (id, user_id, grant_id, credit_type, operation, amount, balance_after, operation_ref, created_at)
      select gen_random_uuid(), '00000000-0000-0000-0000-000000000001',
             '00000000-0000-0000-0000-000000000002', 'kickstart', operation, amount, balance, ref, now()
      from (values (1, 'grant', 5, 5, null), (2, 'consume', -2, 3, 'chat:1'), (3, 'refund', 1, 4, 'chat:1'))
        as entry (place, operation, amount, balance, ref)
      order by place;
      insert into billing.subscriptions
        (id, user_id, status, current_period_start, current_period_end, anchor_day, created_at, updated_at)
      values (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'active', now(),
              now() + interval '30 days', 1, now(), now());
      update auth.users set tier = 'pro';
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "grant_matches_ledger | update billing.ai_credit_grants set remaining = 3, spent = 2",
        "ledger_entry_has_type_of_grant | update billing.ai_credit_ledger set credit_type ="
            + " 'purchased' where operation = 'refund'",
        "refund_within_charge | update billing.ai_credit_ledger set amount = 3 where operation ="
            + " 'refund'",
        "ledger_sequence_is_ahead | select setval('billing.ai_credit_ledger_seq_seq', 1)",
        "tier_matches_subscription | update auth.users set tier = 'free'",
        "tier_matches_subscription | update billing.subscriptions set status = 'expired'",
        "received_event_has_job | insert into billing.payment_events (id, provider_event_id, type,"
            + " event_at, received_at) values (gen_random_uuid(), 'e', 't', now(), now())",
        "unlock_has_state | insert into achievements.unlocks values"
            + " ('00000000-0000-0000-0000-000000000001', 'tasks_5', now())",
        "job_attempts_within_maximum | insert into ops.job_queue (id, kind, job_key, run_at,"
            + " attempts, created_at) values (gen_random_uuid(), 'cleanup', 'a', now(), 6, now())",
        "open_request_has_job | insert into ops.idempotency_keys values"
            + " ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'POST', '/',"
            + " decode(repeat('00', 32), 'hex'), 'open', null, null, now())",
        "active_voice_session_has_job | insert into notes.voice_sessions (id, user_id, started_at,"
            + " lease, opened_at, lease_until) values (gen_random_uuid(),"
            + " '00000000-0000-0000-0000-000000000001', now(), gen_random_uuid(), now(), now())",
        "at_most_ten_calendar_feeds | insert into tasks.calendar_feeds (id, user_id, name, kind,"
            + " token_hash, created_at) select gen_random_uuid(),"
            + " '00000000-0000-0000-0000-000000000001', 'n', 'event', sha256(i::text::bytea), now()"
            + " from generate_series(1, 11) as i",
        "ten_sessions_at_most | insert into auth.refresh_tokens (user_id, token_hash, family, seq,"
            + " created_at, expires_at, device_id, device_name) select"
            + " '00000000-0000-0000-0000-000000000001', sha256(i::text::bytea), gen_random_uuid(),"
            + " 0, now(), now() + interval '7 days', gen_random_uuid(), 'phone' from"
            + " generate_series(1, 11) as i",
        "tokens_of_a_session_have_one_device | insert into auth.refresh_tokens (user_id,"
            + " token_hash, family, seq, created_at, started_at, expires_at, rotated_at, device_id,"
            + " device_name) values ('00000000-0000-0000-0000-000000000001', sha256('a'),"
            + " '00000000-0000-0000-0000-000000000003', 0, now(), now(), now() + interval '7 days',"
            + " now(), gen_random_uuid(), 'phone'), ('00000000-0000-0000-0000-000000000001',"
            + " sha256('b'), '00000000-0000-0000-0000-000000000003', 1, now(), now(), now() +"
            + " interval '7 days', null, null, null)",
        "constraints_and_indexes_are_valid | alter table notes.notes add constraint some_rule check"
            + " (char_length(content) < 5) not valid"
      })
  void a_contradiction_is_found(String invariant, String damage) throws SQLException {
    String query = Objects.requireNonNull(Invariants.queries().get(invariant), invariant);
    try (Connection connection = PostgresServer.source(database.url()).getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(INTACT);
      assertFalse(violated(statement, query), invariant + " is violated by intact data");
      statement.execute(damage);
      assertTrue(violated(statement, query), invariant + " does not find: " + damage);
      connection.rollback();
    }
  }

  private static boolean violated(Statement statement, String query) throws SQLException {
    try (ResultSet rows = statement.executeQuery(query)) {
      return rows.next();
    }
  }
}

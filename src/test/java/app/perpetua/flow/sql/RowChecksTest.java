package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;

/** The tables whose checks are one function each (migration V21). */
class RowChecksTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @BeforeAll
  static void oneRowEach() {
    UUID user = database.newUser().save();
    Object now = MutableClock.START;
    database.run(
        """
        insert into tasks.task_instances (id, user_id, title, created_at, updated_at)
        values (?, ?, 'a', ?, ?)
        """,
        UUID.randomUUID(),
        user,
        now,
        now);
    database.run(
        """
        insert into ops.idempotency_keys
          (user_id, key, method, path, fingerprint, state, status, body, created_at)
        values (?, ?, 'POST', '/', ?, 'done', 201, 'a', ?)
        """,
        user,
        UUID.randomUUID(),
        new byte[32],
        now);
    database.run(
        """
        insert into activity.activity_logs
          (id, user_id, entity_type, action, source, request_id, created_at)
        values (?, ?, 'task', 'created', 'user', 'a', ?)
        """,
        UUID.randomUUID(),
        user,
        now);
  }

  @ParameterizedTest
  @CsvSource({
    "auth.users, users_google_id_length, google_id = ''",
    "auth.users, users_google_id_length, google_id = repeat('x'; 256)",
    "auth.users, users_email_length, email = ''",
    "auth.users, users_email_length, email = repeat('x'; 321)",
    "auth.users, users_name_length, name = ''",
    "auth.users, users_name_length, name = repeat('x'; 201)",
    "auth.users, users_avatar_url_length, avatar_url = repeat('x'; 4097)",
    "auth.users, users_timezone_length, timezone = ''",
    "auth.users, users_timezone_length, timezone = repeat('x'; 65)",
    "auth.users, users_tier_known, tier = 'gold'",
    "auth.users, users_open_tasks_not_negative, open_tasks = -1",
    "auth.users, users_shown_tasks_not_negative, shown_tasks = -1",
    "auth.users, users_notes_not_negative, notes = -1",
    "auth.users, users_perks_not_negative, perk_tasks = -1",
    "auth.users, users_perks_not_negative, perk_notes = -1",
    "auth.users, users_perks_not_negative, perk_daily_credits = -1",
    "auth.users, users_former_bought_credits_not_negative, former_bought_credits = -1",
    "tasks.task_instances, task_instances_title_length, title = ''",
    "tasks.task_instances, task_instances_title_length, title = repeat('x'; 201)",
    "tasks.task_instances, task_instances_description_length, description = repeat('x'; 10001)",
    "tasks.task_instances, task_instances_priority_known, priority = 'urgent'",
    "tasks.task_instances, task_instances_due_date_finite, due_date = 'infinity'",
    "tasks.task_instances, task_instances_estimated_duration_range, estimated_duration = 0",
    "tasks.task_instances, task_instances_estimated_duration_range, estimated_duration = 721",
    "tasks.task_instances, task_instances_focus_time_not_negative, focus_time_seconds = -1",
    "tasks.task_instances, task_instances_completed_consistent, completed = true",
    "tasks.task_instances, task_instances_completed_consistent, completed_at = created_at",
    "tasks.task_instances, task_instances_completed_consistent, completed_by = 'auto'",
    "tasks.task_instances, task_instances_completed_by_known, completed_by = 'nobody'",
    "tasks.task_instances, task_instances_subtask_counts, subtask_completed_count = 1",
    "tasks.task_instances, task_instances_subtask_counts, subtask_completed_count = -1",
    "tasks.task_instances, task_instances_occurrence_present, template_id = id",
    "tasks.task_instances, task_instances_version_positive, version = 0",
    "ops.idempotency_keys, idempotency_keys_method_length, method = ''",
    "ops.idempotency_keys, idempotency_keys_method_length, method = repeat('x'; 11)",
    "ops.idempotency_keys, idempotency_keys_path_length, path = ''",
    "ops.idempotency_keys, idempotency_keys_path_length, path = repeat('x'; 8193)",
    "ops.idempotency_keys, idempotency_keys_fingerprint_length, fingerprint = ''",
    "ops.idempotency_keys, idempotency_keys_state_known, state = 'shut'",
    "ops.idempotency_keys, idempotency_keys_state_consistent, state = 'open'",
    "ops.idempotency_keys, idempotency_keys_state_consistent, status = null",
    "ops.idempotency_keys, idempotency_keys_state_consistent, state = 'open'; status = null",
    "ops.idempotency_keys, idempotency_keys_status_success, status = 199",
    "ops.idempotency_keys, idempotency_keys_status_success, status = 300",
    "ops.idempotency_keys, idempotency_keys_body_length, body = repeat('x'; 1000001)",
    "activity.activity_logs, activity_logs_entity_type_known, entity_type = 'planet'",
    "activity.activity_logs, activity_logs_action_length, action = ''",
    "activity.activity_logs, activity_logs_action_length, action = repeat('x'; 101)",
    "activity.activity_logs, activity_logs_source_known, source = 'robot'",
    "activity.activity_logs, activity_logs_request_id_length, request_id = repeat('x'; 129)"
  })
  void FR_125_a_row_that_must_not_be_is_refused_by_the_name_of_its_condition(
      String table, String constraint, String assignment) throws SQLException {
    try (Connection connection = database.pool(1).getConnection();
        Statement statement = connection.createStatement()) {
      PSQLException refused =
          assertThrows(
              PSQLException.class,
              () ->
                  statement.executeUpdate(
                      "update " + table + " set " + assignment.replace(';', ',')));
      assertEquals("23514", refused.getSQLState());
      assertEquals(constraint, refused.getServerErrorMessage().getConstraint());
      assertEquals(
          DatabaseException.Kind.CONSTRAINT,
          DatabaseException.of(refused, "test", Duration.ZERO).kind());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tasks.task_instances, due_date = null; estimated_duration = 720; version = 2147483647",
    "tasks.task_instances, title = repeat('ß'; 200); description = repeat('𝄞'; 10000)",
    "ops.idempotency_keys, state = 'open'; status = null; body = null",
    "activity.activity_logs, request_id = null; entity_type = 'achievement'",
    "auth.users, avatar_url = null; tier = 'pro'"
  })
  void FR_125_a_row_at_the_limits_is_accepted(String table, String assignment) throws SQLException {
    try (Connection connection = database.pool(1).getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      assertTrue(
          statement.executeUpdate("update " + table + " set " + assignment.replace(';', ',')) > 0);
      connection.rollback();
    }
  }

  /** PostgreSQL parses and plans each check again for every statement. */
  @Test
  void FR_125_a_table_that_every_write_touches_has_one_check() {
    for (String table :
        List.of("tasks.task_instances", "ops.idempotency_keys", "activity.activity_logs")) {
      assertEquals(
          Map.of("checks", 1L),
          database.row(
              "select count(*) as checks from pg_constraint"
                  + " where contype = 'c' and conrelid = ?::regclass",
              table),
          table);
    }
  }
}

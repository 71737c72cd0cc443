package app.perpetua.flow.dev.sample;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.UUID;
import javax.sql.DataSource;

/** The few statements that the sample data need besides the public API. Thread-safe. */
final class SampleDatabase {
  private final DataSource database;

  SampleDatabase(DataSource database) {
    this.database = database;
  }

  /** Whether there is an account of a Google subject. */
  boolean hasAccount(String subject) {
    try (Connection connection = database.getConnection();
        PreparedStatement find =
            connection.prepareStatement("select from auth.users where google_id = ?")) {
      find.setString(1, subject);
      try (ResultSet row = find.executeQuery()) {
        return row.next();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("accounts cannot be read", e);
    }
  }

  /**
   * The open task of a template. Listing it through the API before each completion would exceed the
   * user's rate limit.
   */
  UUID openTask(UUID user, UUID template) {
    try (Connection connection = database.getConnection();
        PreparedStatement find =
            connection.prepareStatement(
                """
                select id
                from tasks.task_instances
                where user_id = ? and template_id = ? and not completed
                """)) {
      find.setObject(1, user);
      find.setObject(2, template);
      try (ResultSet row = find.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("the template has no open task: " + template);
        }
        return row.getObject(1, UUID.class);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("tasks cannot be read", e);
    }
  }

  /**
   * Marks the daily job that grants credits as done for past days. It would give the daily credits
   * of each day to all other Pro users as well, in the midst of what their ledgers already have.
   * Without it, credits are granted when a user first needs them on a day.
   *
   * @param until exclusive
   */
  void skipDailyCredits(LocalDate from, LocalDate until) {
    try (Connection connection = database.getConnection();
        PreparedStatement skip =
            connection.prepareStatement(
                """
                insert into ops.schedule_runs (kind, day, created_at, finished_at)
                select 'credit_expire', day, day, day
                from generate_series(?::timestamptz, ?::timestamptz, '1 day') as day
                on conflict (kind, day) do nothing
                """)) {
      skip.setObject(1, from);
      skip.setObject(2, until.minusDays(1));
      skip.execute();
    } catch (SQLException e) {
      throw new IllegalStateException("daily jobs cannot be skipped", e);
    }
  }
}

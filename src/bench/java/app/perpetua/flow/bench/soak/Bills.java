package app.perpetua.flow.bench.soak;

import app.perpetua.flow.bench.process.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * What the database says about the chats and voice sessions of the soak.
 *
 * @param sessions voice sessions
 * @param limited those that ended after 300 s
 * @param finished those that their clients ended
 * @param wrong those that are open, ended otherwise, or were charged for other than their started
 *     minutes
 * @param sessionCredits what the records of all sessions charge
 * @param voiceSpent what the ledger of the speaking users has spent, less refunds
 * @param chatSpent the same of the chatting users
 */
record Bills(
    long sessions,
    long limited,
    long finished,
    long wrong,
    long sessionCredits,
    long voiceSpent,
    long chatSpent) {
  private static final int CREDITS_A_MINUTE = 5;

  /** The record's duration is in whole seconds, so both neighbours of a full minute are right. */
  private static final String SESSIONS =
      """
      select count(*) as sessions,
             count(*) filter (where end_reason = 'max_duration') as limited,
             count(*) filter (where end_reason = 'end_stream') as finished,
             count(*) filter (
               where ended_at is null or end_reason not in ('max_duration', 'end_stream')
                  or end_reason = 'max_duration' and (duration_seconds <> 300 or minutes_charged <> 5)
                  or credits_used <> ? * minutes_charged
                  or minutes_charged not between ceil(duration_seconds / 60.0)
                                             and ceil((duration_seconds + 1) / 60.0)) as wrong,
             coalesce(sum(credits_used), 0) as credits
      from notes.voice_sessions
      where user_id between ?::uuid and ?::uuid
      """;

  private static final String SPENT =
      """
      select coalesce(-sum(amount), 0) as spent
      from billing.ai_credit_ledger
      where user_id between ?::uuid and ?::uuid and operation in ('consume', 'refund')
      """;

  /**
   * Reads them.
   *
   * @param chatting number of users who chat, from user 0
   * @param speaking number of users who speak, the next ones
   */
  static Bills of(Connection database, int chatting, int speaking) throws SQLException {
    String first = Database.user(chatting);
    String last = Database.user(chatting + speaking - 1);
    try (PreparedStatement statement = database.prepareStatement(SESSIONS)) {
      statement.setInt(1, CREDITS_A_MINUTE);
      statement.setString(2, first);
      statement.setString(3, last);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new Bills(
            row.getLong("sessions"),
            row.getLong("limited"),
            row.getLong("finished"),
            row.getLong("wrong"),
            row.getLong("credits"),
            spent(database, first, last),
            spent(database, Database.user(0), Database.user(chatting - 1)));
      }
    }
  }

  private static long spent(Connection database, String first, String last) throws SQLException {
    try (PreparedStatement statement = database.prepareStatement(SPENT)) {
      statement.setString(1, first);
      statement.setString(2, last);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}

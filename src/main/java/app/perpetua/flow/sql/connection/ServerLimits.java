package app.perpetua.flow.sql.connection;

/**
 * The server's limits of a transaction: time of a statement, wait for a lock, time between two
 * statements; and no parallel workers and no compilation of queries, which cost short queries more
 * than they save and take processors from other users. The server's error says more than a time-out
 * of the driver, and ends the query.
 */
public enum ServerLimits {
  /** The sessions of the pool have them, because the connections were opened with them. */
  OF_SESSION(""),
  /**
   * Each transaction sets them, because a pooler between the two gives it any session. Sent
   * together with its first statement, so it costs no round trip.
   */
  OF_TRANSACTION(
      """
      select set_config('statement_timeout', '3s', true), set_config('lock_timeout', '2s', true),
             set_config('idle_in_transaction_session_timeout', '10s', true),
             set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true);
      """);

  /** The same limits as options of a connection. */
  static final String OPTIONS =
      "-c statement_timeout=3s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s"
          + " -c max_parallel_workers_per_gather=0 -c jit=off";

  private final String prefix;

  ServerLimits(String prefix) {
    this.prefix = prefix;
  }

  /** SQL that comes before the first statement of a transaction; empty, or one query. */
  public String prefix() {
    return prefix;
  }
}

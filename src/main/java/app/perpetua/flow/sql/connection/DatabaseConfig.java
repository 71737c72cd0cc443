package app.perpetua.flow.sql.connection;

/**
 * How to connect to the database.
 *
 * @param main for requests and jobs; may lead to a transaction pooler
 * @param direct the same database without the pooler, for migrations and LISTEN
 * @param poolSize maximum number of connections in the pool
 * @param preparedStatements whether to prepare frequent statements on the server
 */
public record DatabaseConfig(
    DatabaseUrl main, DatabaseUrl direct, int poolSize, boolean preparedStatements) {
  /** With prepared statements. */
  public DatabaseConfig(DatabaseUrl main, DatabaseUrl direct, int poolSize) {
    this(main, direct, poolSize, true);
  }

  /** Whether {@code main} leads to a transaction pooler, behind which sessions keep no settings. */
  public boolean pooled() {
    return !main.equals(direct);
  }
}

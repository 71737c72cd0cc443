package app.perpetua.flow.sql;

/**
 * How to connect to the database.
 *
 * @param main for requests and jobs; may lead to a transaction pooler
 * @param direct the same database without the pooler, for migrations and LISTEN
 * @param poolSize maximum number of connections in the pool
 */
public record DatabaseConfig(DatabaseUrl main, DatabaseUrl direct, int poolSize) {
  /** Whether {@code main} leads to a transaction pooler, behind which sessions keep no state. */
  public boolean pooled() {
    return !main.equals(direct);
  }
}

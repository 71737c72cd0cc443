package app.perpetua.flow.sql;

/**
 * Where the data is.
 *
 * @param main where requests and jobs run; may be a transaction pooler
 * @param direct the same database past the pooler, for migrations and LISTEN
 * @param poolSize connections in the pool
 */
public record DatabaseConfig(DatabaseUrl main, DatabaseUrl direct, int poolSize) {
  /** True if requests go through a transaction pooler, where a session keeps no state. */
  public boolean pooled() {
    return !main.equals(direct);
  }
}

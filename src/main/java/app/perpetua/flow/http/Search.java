package app.perpetua.flow.http;

import app.perpetua.flow.sql.Tx;
import java.util.function.Function;

/**
 * A read that looks through the text of every row of its user, and so costs the database far more
 * than any other: few run at once ({@link SearchAdmission}).
 *
 * @param read answers the request
 */
public record Search(Function<Tx, Reply> read) implements Function<Tx, Reply> {
  @Override
  public Reply apply(Tx tx) {
    return read.apply(tx);
  }
}

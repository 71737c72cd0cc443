package app.perpetua.flow.http;

import app.perpetua.flow.sql.Tx;
import java.util.function.Function;

/**
 * A read that may compare its words with the text of all rows of its user. It may cost far more
 * than other reads, so few run at once ({@code SearchAdmission}).
 */
public record SearchWork(Function<Tx, Reply> read) implements Function<Tx, Reply> {
  @Override
  public Reply apply(Tx tx) {
    return read.apply(tx);
  }
}

package app.perpetua.flow.bench.soak;

import app.perpetua.flow.bench.load.OpenLoop;
import java.util.Map;

/**
 * One minute of the soak.
 *
 * @param load the responses of the minute
 * @param footprint of the service at its end
 * @param tables of the database at its end
 */
record Sample(OpenLoop.Result load, Footprint footprint, Map<String, TableState> tables) {
  /** Requests that were refused, failed, or had another status than expected. */
  long failed() {
    return load.refused().getTotalCount() + load.failed() + load.unexpected();
  }

  double p99Millis() {
    return load.served().getValueAtPercentile(99) / 1e3;
  }

  long dead() {
    return tables.values().stream().mapToLong(TableState::dead).sum();
  }

  long bytes() {
    return tables.values().stream().mapToLong(TableState::bytes).sum();
  }
}

package app.perpetua.flow.base;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochRandomGenerator;
import java.security.SecureRandom;
import java.util.UUID;

/**
 * Makes ids: UUID version 7 (RFC 9562), so that new rows land at the end of their index. The time
 * inside an id is the machine's, not the injected clock's: it orders index pages and decides
 * nothing. Thread-safe.
 */
public final class Ids {
  private final TimeBasedEpochRandomGenerator generator =
      Generators.timeBasedEpochRandomGenerator(new SecureRandom());

  /** A new id. */
  public UUID next() {
    return generator.generate();
  }
}

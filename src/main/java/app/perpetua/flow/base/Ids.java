package app.perpetua.flow.base;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import java.security.SecureRandom;
import java.util.UUID;

/**
 * Makes ids: UUID version 7 (RFC 9562), so that new rows land at the end of their index, and rising
 * within a millisecond, so that what one transaction does is listed in its order. The time inside
 * an id is the machine's, not the injected clock's: it decides nothing. Thread-safe.
 */
public final class Ids {
  private final TimeBasedEpochGenerator generator =
      Generators.timeBasedEpochGenerator(new SecureRandom());

  /** A new id. */
  public UUID next() {
    return generator.generate();
  }
}

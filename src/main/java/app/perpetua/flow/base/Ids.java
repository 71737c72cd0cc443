package app.perpetua.flow.base;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import java.security.SecureRandom;
import java.util.UUID;

/**
 * Generates ids: UUID version 7 (RFC 9562), so that new rows are appended to their index, and
 * monotonic, so that the rows of one transaction sort in the order of their creation. The timestamp
 * in an id is the system's, not the injected clock's; nothing depends on it. Thread-safe.
 */
public final class Ids {
  private final TimeBasedEpochGenerator generator =
      Generators.timeBasedEpochGenerator(new SecureRandom());

  public UUID next() {
    return generator.generate();
  }
}

package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.fuzz.Wire;
import app.perpetua.flow.harness.hostile.DatabaseDigest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * A random sample of refused requests, which are repeated at the end: one that is refused again
 * must not have changed any row. Thread-safe.
 */
final class Refusals {
  private static final int SIZE = 60;
  private static final int ATTEMPTS = 3;

  /** A reused refresh token is refused and ends its session, on purpose. */
  private static final Set<String> MAY_CHANGE = Set.of("POST /api/v1/auth/refresh");

  private record Refused(String name, long index, byte[] request) {}

  private final Stage stage;
  private final Tally tally;
  private final Random random;
  private final List<Refused> sample = new ArrayList<>();
  private long seen;

  Refusals(Stage stage, Tally tally, long seed) {
    this.stage = stage;
    this.tally = tally;
    this.random = new Random(seed);
  }

  synchronized void sample(String name, long index, Draft draft, byte[] request, int status) {
    if (MAY_CHANGE.contains(draft.operation.name()) || status == 401) {
      return;
    }
    seen++;
    Refused refused = new Refused(name, index, request);
    if (sample.size() < SIZE) {
      sample.add(refused);
    } else if (random.nextLong(seen) < SIZE) {
      sample.set(random.nextInt(SIZE), refused);
    }
  }

  /** Repeats the sample, while no other request changes the database. */
  synchronized void check() {
    DatabaseDigest digest = new DatabaseDigest(stage.database());
    for (Refused refused : sample) {
      Optional<byte[]> answer = Optional.empty();
      // Jobs of earlier requests may change data at the same time, though not each time.
      for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        answer = refusalWithChange(digest, refused);
        if (answer.isEmpty()) {
          break;
        }
      }
      answer.ifPresent(
          bytes ->
              tally.violation(
                  "a refused request changed data",
                  refused.name(),
                  refused.index(),
                  refused.request(),
                  bytes));
    }
  }

  /** The refusal, if it left other data than there was before. */
  private Optional<byte[]> refusalWithChange(DatabaseDigest digest, Refused refused) {
    String before = digest.current();
    try (Wire wire = new Wire(stage.port())) {
      Wire.Answer answer = wire.exchange(refused.request());
      return answer.status() >= 400 && !digest.current().equals(before)
          ? Optional.of(answer.bytes())
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

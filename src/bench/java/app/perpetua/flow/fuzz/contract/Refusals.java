package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.fuzz.Wire;
import app.perpetua.flow.harness.hostile.DatabaseDigest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * A random sample of refused requests, which are repeated at the end: one that is refused again
 * must not have changed any row. Thread-safe.
 */
final class Refusals {
  private static final int SIZE = 60;
  private static final int ATTEMPTS = 3;
  private static final Duration SETTLED = Duration.ofMinutes(1);

  /** A reused refresh token is refused and ends its session, on purpose. */
  private static final Set<String> MAY_CHANGE = Set.of("POST /api/v1/auth/refresh");

  /**
   * What changed.
   *
   * @param status of the answer, 0 if there was none
   */
  private record Change(List<String> tables, int status, byte[] answer) {
    static final Change NONE = new Change(List.of(), 0, new byte[0]);
  }

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
    check(new DatabaseDigest(stage.database()), sample);
  }

  /** Halves a sample that changes something, because digests take longer than requests. */
  private void check(DatabaseDigest digest, List<Refused> part) {
    if (part.size() <= 1) {
      part.forEach(refused -> check(digest, refused));
    } else if (!change(digest, part).tables().isEmpty()) {
      int half = part.size() / 2;
      check(digest, part.subList(0, half));
      check(digest, part.subList(half, part.size()));
    }
  }

  private void check(DatabaseDigest digest, Refused refused) {
    Change change = Change.NONE;
    // Webhooks of earlier orders may arrive at the same time, though not each time.
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      change = change(digest, List.of(refused));
      if (change.tables().isEmpty() || change.status() < 400) {
        return;
      }
    }
    tally.violation(
        "a refused request changed " + change.tables(),
        refused.name(),
        refused.index(),
        refused.request(),
        change.answer());
  }

  /** What requests change, and the answer to the last one. */
  private Change change(DatabaseDigest digest, List<Refused> requests) {
    String before = steady(digest);
    int status = 0;
    byte[] answer = {};
    for (Refused refused : requests) {
      try (Wire wire = new Wire(stage.port())) {
        Wire.Answer last = wire.exchange(refused.request());
        status = last.status();
        answer = last.bytes();
      } catch (IOException e) {
        // The service has closed the connection instead of answering; that is judged elsewhere.
        status = 0;
      }
    }
    return new Change(changed(before, digest.current()), status, answer);
  }

  /** The digest once it no longer changes: calls of providers are settled after their answer. */
  private String steady(DatabaseDigest digest) {
    long end = System.nanoTime() + SETTLED.toNanos();
    String before = digest.current();
    String now = digest.current();
    while (!(now.equals(before) && isQuiet()) && System.nanoTime() - end < 0) {
      before = now;
      now = digest.current();
    }
    return now;
  }

  /** The tables whose digests differ. */
  private static List<String> changed(String before, String after) {
    List<String> same = before.lines().toList();
    return after
        .lines()
        .filter(line -> !same.contains(line))
        .map(line -> line.split(" ", -1)[0])
        .toList();
  }

  private boolean isQuiet() {
    return stage.database().number("select count(*) from ops.idempotency_keys where state = 'open'")
        == 0;
  }
}

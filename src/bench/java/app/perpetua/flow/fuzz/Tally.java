package app.perpetua.flow.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * The result of a part: how many inputs had which answer, and the violations. Violations of one
 * kind are counted; the first ones are written to files with the complete input. Thread-safe.
 */
public final class Tally {
  private static final int EXAMPLES_PER_KIND = 3;
  private static final int SHOWN_BYTES = 4_000;

  private final String part;
  private final long seed;
  private final Path home;
  private final LongAdder inputs = new LongAdder();
  private final Map<String, LongAdder> answers = new ConcurrentSkipListMap<>();
  private final Map<String, Integer> violations = new TreeMap<>();
  private String skipped = "";
  private int files;

  /**
   * @param home directory of the files with violations, which must exist
   */
  public Tally(String part, long seed, Path home) {
    this.part = part;
    this.seed = seed;
    this.home = home;
  }

  /** Counts an input with its answer, such as "400" or "closed". */
  public void count(String answer) {
    inputs.increment();
    answers.computeIfAbsent(answer, _ -> new LongAdder()).increment();
  }

  /** Records why the part did not run. */
  public synchronized void skip(String reason) {
    skipped = reason;
  }

  /**
   * Records a violation.
   *
   * @param kind what is wrong, without details of the input: violations of one kind are counted
   * @param name of the input
   * @param index its number in the sequence of this seed
   * @param input complete
   * @param output as much as there is
   */
  public synchronized void violation(
      String kind, String name, long index, byte[] input, byte[] output) {
    int earlier = violations.merge(kind, 1, Integer::sum) - 1;
    if (earlier >= EXAMPLES_PER_KIND) {
      return;
    }
    files++;
    Path file = home.resolve(String.format(Locale.ROOT, "%s-%03d.txt", part, files));
    String text =
        "%s%n%s%nseed %d, input %d: ./fuzz --only %s --seed %d%n%n--- input%n%s%n%n--- input, hex%n%s%n%n--- output%n%s%n"
            .formatted(
                kind,
                name,
                seed,
                index,
                part,
                seed,
                shown(input),
                HexFormat.of().formatHex(input),
                shown(output));
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (earlier == 0) {
      System.out.printf("  outside the contract: %s (%s), %s%n", kind, name, file);
    }
  }

  private static String shown(byte[] bytes) {
    String text = new String(bytes, 0, Math.min(bytes.length, SHOWN_BYTES), StandardCharsets.UTF_8);
    return bytes.length > SHOWN_BYTES ? text + "… (" + bytes.length + " bytes)" : text;
  }

  public long inputs() {
    return inputs.sum();
  }

  /** Number of violations by kind. */
  public synchronized Map<String, Integer> violations() {
    return new TreeMap<>(violations);
  }

  /** The answers by class. */
  public Map<String, Long> answers() {
    return answers.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, e -> e.getValue().sum(), (a, _) -> a, TreeMap::new));
  }

  /** Its row and its violations, as they are printed at the end. */
  public synchronized String text(double seconds) {
    int outside = violations.values().stream().mapToInt(Integer::intValue).sum();
    if (!skipped.isEmpty()) {
      return "%-10s skipped: %s".formatted(part, skipped);
    }
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-10s %,10d inputs in %,.0f s (%,.0f/s); outside the contract: %d%n           ",
            part,
            inputs(),
            seconds,
            inputs() / Math.max(seconds, 0.001),
            outside));
    text.append(
        answers().entrySet().stream()
            .map(e -> String.format(Locale.ROOT, "%s: %,d", e.getKey(), e.getValue()))
            .collect(Collectors.joining(", ")));
    violations.forEach(
        (kind, count) -> text.append(String.format("%n           ! %d times: %s", count, kind)));
    return text.toString();
  }
}

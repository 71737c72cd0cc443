package app.perpetua.flow.fuzz;

import app.perpetua.flow.command.Arguments;
import app.perpetua.flow.fuzz.FuzzOptions.Part;
import app.perpetua.flow.fuzz.contract.ContractFuzz;
import app.perpetua.flow.fuzz.protocol.HttpFuzz;
import app.perpetua.flow.fuzz.protocol.WebSocketFuzz;
import app.perpetua.flow.fuzz.rules.RuleFuzz;
import app.perpetua.flow.fuzz.tokens.TokenFuzz;
import app.perpetua.flow.harness.Invariants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** Entry point of {@code ./fuzz}, which docs/testing.md describes. Prints a table. */
final class Fuzz {
  private static final Path HOME = Path.of("target/fuzz");

  /** Rules in one run, at most: more would take time from the other parts. */
  private static final int RULES = 20_000;

  /** For the checks at the end. */
  private static final Duration RESERVE = Duration.ofSeconds(6);

  private final FuzzOptions options;
  private final long seed;
  private final Deadline deadline;
  private final List<String> rows = new ArrayList<>();
  private boolean failed;

  private Fuzz(FuzzOptions options) {
    this.options = options;
    Long chosen = options.seed();
    this.seed = chosen == null ? ThreadLocalRandom.current().nextInt(1_000_000) : chosen;
    this.deadline = Deadline.in(Duration.ofMinutes(options.minutes()).minus(RESERVE));
  }

  /** Exit codes: 1 an answer is outside the contract, 2 invalid arguments. */
  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("").setLevel(Level.SEVERE);
    try {
      FuzzOptions options = FuzzOptions.parse(List.of(arguments));
      System.exit(new Fuzz(options).run() ? 0 : 1);
    } catch (Arguments.Invalid e) {
      System.err.println("./fuzz: " + e.getMessage() + "; --help lists the options");
      System.exit(2);
    } catch (IOException | RuntimeException | AssertionError e) {
      System.err.println("./fuzz failed: " + e);
      e.printStackTrace();
      System.exit(1);
    }
  }

  private boolean run() throws IOException, InterruptedException {
    clear();
    System.out.printf("Seed %d. Starting PostgreSQL and the service ...%n", seed);
    try (Stage stage = new Stage()) {
      for (Part part : Part.values()) {
        if (options.parts().contains(part)) {
          run(part, stage);
        }
      }
      invariants(stage);
    }
    System.out.printf("%nSeed %d%n", seed);
    rows.forEach(System.out::println);
    System.out.println(
        failed
            ? "Outside the contract: the inputs are in " + HOME
            : "All answers are within the contract.");
    return !failed;
  }

  private void run(Part part, Stage stage) throws InterruptedException, IOException {
    Duration share = options.share(part, deadline.left());
    System.out.printf(
        Locale.ROOT, "%s: %s, %d s ...%n", part.title(), part.help(), share.toSeconds());
    Tally tally = new Tally(part.title(), seed, HOME);
    long begun = System.nanoTime();
    String note;
    try (Progress _ = new Progress(tally)) {
      note = run(part, stage, tally, share);
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    String row = tally.text(seconds) + (note.isEmpty() ? "" : "\n           " + note);
    rows.add(row);
    failed |= !tally.violations().isEmpty();
  }

  /** The time begins when a part is prepared. */
  private String run(Part part, Stage stage, Tally tally, Duration share)
      throws InterruptedException, IOException {
    return switch (part) {
      case TOKENS -> new TokenFuzz(stage, tally, seed).run(Deadline.in(share));
      case HTTP -> new HttpFuzz(stage, tally, seed).run(Deadline.in(share));
      case WEBSOCKET -> new WebSocketFuzz(stage, tally, seed).run(Deadline.in(share));
      case RRULE -> new RuleFuzz(tally, seed).run(Deadline.in(share), RULES);
      case CONTRACT -> new ContractFuzz(stage, tally, seed).run(Deadline.in(share));
    };
  }

  private void invariants(Stage stage) {
    try {
      Invariants.check(stage.database());
      rows.add("invariants hold");
    } catch (AssertionError e) {
      rows.add("invariants VIOLATED: " + e.getMessage());
      failed = true;
    }
  }

  private static void clear() throws IOException {
    Files.createDirectories(HOME);
    try (Stream<Path> old = Files.list(HOME)) {
      for (Path file : old.filter(f -> f.toString().endsWith(".txt")).toList()) {
        Files.delete(file);
      }
    }
  }
}

package app.perpetua.flow.chaos;

import app.perpetua.flow.chaos.fault.Fault;
import app.perpetua.flow.chaos.fault.Skipped;
import app.perpetua.flow.chaos.fault.SmallDisk;
import app.perpetua.flow.chaos.fault.Stack;
import app.perpetua.flow.chaos.load.Person;
import app.perpetua.flow.command.Arguments;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Entry point of {@code ./chaos}, which docs/testing.md describes. */
final class Chaos {
  private static final Path HOME = Path.of("target/chaos");
  private static final int WORKERS = 6;
  private static final int SPENDERS = 3;

  /** Runs after which other people go on, so that comparing what they have stays quick. */
  private static final int RUNS_OF_PEOPLE = 20;

  /** No run of {@code --short} begins later, so that it ends within three minutes. */
  private static final Duration LAST_SHORT_START = Duration.ofSeconds(150);

  /** Violations of one run that are printed; the file has all. */
  private static final int SHOWN = 10;

  private final ChaosOptions options;
  private final long seed;
  private final Summary summary = new Summary();
  private int run;
  private List<Person> people = List.of();
  private boolean isControlled;
  private boolean failed;
  private final long begun = System.nanoTime();

  private Chaos(ChaosOptions options) {
    this.options = options;
    this.seed = options.seed() == null ? new SecureRandom().nextInt(1_000_000) : options.seed();
  }

  /** Exit codes: 1 a violation or a failure of the command, 2 invalid arguments. */
  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("").setLevel(Level.WARNING);
    try {
      System.exit(new Chaos(ChaosOptions.parse(List.of(arguments))).run());
    } catch (Arguments.Invalid e) {
      System.err.println("./chaos: " + e.getMessage() + "; --help lists the options");
      System.exit(2);
    } catch (IOException | UncheckedIOException | IllegalStateException | AssertionError e) {
      System.err.println("./chaos failed: " + e + "; the logs are in " + HOME);
      System.exit(1);
    }
  }

  private int run() throws IOException, InterruptedException, SQLException {
    Files.createDirectories(HOME);
    for (String name :
        List.of("api.log", "worker.log", "all.log", "postgres.log", "violations.txt")) {
      Files.deleteIfExists(HOME.resolve(name));
    }
    List<Plan> plans = Plan.of(options, seed);
    print("seed %d, %d runs; logs in %s", seed, plans.size(), HOME);
    List<Plan> usual = plans.stream().filter(plan -> plan.fault() != Fault.POSTGRES_FULL).toList();
    if (!usual.isEmpty()) {
      try (Stack stack = guarded(HOME, HOME.resolve("postgres"))) {
        runAll(stack, usual);
      }
    }
    if (usual.size() < plans.size()) {
      fillDisk(plans.stream().filter(plan -> plan.fault() == Fault.POSTGRES_FULL).toList());
    }
    summary.lines().forEach(System.out::println);
    print(
        "%d runs with seed %d in %s: %s",
        summary.runs(),
        seed,
        Summary.seconds(Duration.ofNanos(System.nanoTime() - begun)),
        summary.violations() == 0 ? "no violation" : summary.violations() + " violations");
    return summary.violations() == 0 && !failed ? 0 : 1;
  }

  /** A stack that is also stopped when this process is interrupted. */
  private static Stack guarded(Path home, Path data) throws IOException {
    print("Starting PostgreSQL, API and worker ...");
    Stack stack = new Stack(home, data);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    stack.abort();
                  } catch (IOException e) {
                    System.err.println("./chaos: cannot stop everything: " + e);
                  }
                }));
    return stack;
  }

  private void fillDisk(List<Plan> plans) throws IOException, InterruptedException, SQLException {
    Path home = HOME.resolve("full");
    Files.createDirectories(home);
    people = List.of();
    try (SmallDisk disk = SmallDisk.mount(home);
        Stack stack = guarded(home, disk.data())) {
      runAll(stack, plans);
    } catch (Skipped e) {
      skip(Fault.POSTGRES_FULL, e.reason());
    }
  }

  private void runAll(Stack stack, List<Plan> plans)
      throws IOException, InterruptedException, SQLException {
    Runner runner = new Runner(stack, options);
    for (int i = 0; i < plans.size(); i++) {
      if (i % RUNS_OF_PEOPLE == 0) {
        people = stack.people(WORKERS, SPENDERS);
      }
      run++;
      Plan plan = plans.get(i);
      if (options.isShort() && System.nanoTime() - begun > LAST_SHORT_START.toNanos()) {
        skip(plan.fault(), "the time of --short is over on this machine; --only runs it");
        continue;
      }
      String title = "run %d, %s %d".formatted(run, plan.fault().title(), plan.number());
      stack.mark(title);
      try {
        Outcome outcome = runner.run(plan, seed, people);
        if (stack.isAborted()) {
          return;
        }
        summary.add(plan.fault(), outcome);
        report(title, plan, outcome);
        if (!outcome.violations().isEmpty()) {
          // What is wrong once would be reported again after every run.
          people = stack.people(WORKERS, SPENDERS);
        }
      } catch (Skipped e) {
        skip(plan.fault(), e.reason());
      }
    }
    control(stack, runner);
  }

  /** Shows that the checks find what they look for. The last run, because the row stays deleted. */
  private void control(Stack stack, Runner runner)
      throws IOException, InterruptedException, SQLException {
    if (isControlled) {
      return;
    }
    isControlled = true;
    stack.mark("control");
    boolean isFound = runner.findsDeletedRow(seed, stack.people(WORKERS, SPENDERS));
    print(
        "control: a row that was deleted behind the service is %s",
        isFound ? "reported" : "NOT REPORTED");
    failed |= !isFound && !stack.isAborted();
    List<Duration> signIns = stack.signIns().stream().sorted().toList();
    print(
        "%d sign-ins between the runs: median %s, slowest %s",
        signIns.size(),
        Summary.seconds(signIns.get(signIns.size() / 2)),
        Summary.seconds(signIns.getLast()));
  }

  private void skip(Fault fault, String reason) {
    summary.skip(fault, reason);
    print("%s: skipped: %s", fault.title(), reason);
  }

  private void report(String title, Plan plan, Outcome outcome) throws IOException {
    print(
        "%s: %d writes, recovery %s, steady %s, worst wait %s, %s",
        title,
        outcome.writes(),
        Summary.seconds(outcome.recovered()),
        Summary.seconds(outcome.steady()),
        Summary.seconds(outcome.longest()),
        outcome.violations().isEmpty()
            ? "no violation"
            : outcome.violations().size() + " VIOLATIONS");
    int shown = 0;
    for (String violation : outcome.violations()) {
      String text =
          "VIOLATION seed %d, run %d, %s %d: %s (logs in %s; repeat: ./chaos --seed %d --only %s%s)"
              .formatted(
                  seed,
                  run,
                  plan.fault().title(),
                  plan.number(),
                  violation,
                  HOME,
                  seed,
                  plan.fault().title(),
                  plan.fault().isRandomKill() ? " --runs " + plan.number() : "");
      Files.writeString(
          HOME.resolve("violations.txt"),
          text + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      if (shown++ < SHOWN) {
        print("%s", text);
      }
    }
    if (shown > SHOWN) {
      print("%d more in %s", shown - SHOWN, HOME.resolve("violations.txt"));
    }
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }
}

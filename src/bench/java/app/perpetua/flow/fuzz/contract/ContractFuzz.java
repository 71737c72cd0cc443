package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.fuzz.Deadline;
import app.perpetua.flow.fuzz.Seeds;
import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.harness.hostile.Operation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends every operation's valid request with one hostile change, in an order that depends on the
 * seed, and then with several changes, until the time is over. Refused requests are sampled and
 * repeated while nothing else runs, to prove that they change nothing.
 */
public final class ContractFuzz {
  private static final int WORKERS = 6;

  /** Requests that one user sends; then a new user has fresh resources and short lists. */
  private static final int REQUESTS_PER_USER = 1_500;

  /** Changes of one request, at most. */
  private static final int MAX_CHANGES = 4;

  /** A planned request: an operation with one of its changes. */
  private record Plan(Operation operation, Mutation mutation) {}

  private final Stage stage;
  private final Tally tally;
  private final long seed;
  private final List<Operation> operations = Operation.all();
  private final Judge judge;
  private final Map<Operation, List<Mutation>> mutations = new LinkedHashMap<>();
  private final List<Plan> plans = new ArrayList<>();
  private final AtomicLong next = new AtomicLong();
  private final Refusals refusals;

  public ContractFuzz(Stage stage, Tally tally, long seed) {
    this.stage = stage;
    this.tally = tally;
    this.seed = seed;
    this.judge = new Judge(new Schemas(), operations);
    this.refusals = new Refusals(stage, tally, seed);
  }

  /**
   * Runs until the deadline; returns the number of requests with one change that it had time for.
   */
  public String run(Deadline deadline) throws InterruptedException {
    try (Sender sender = new Sender(stage, judge, tally, refusals)) {
      Examples examples = new Examples(new Account(stage));
      for (Operation operation : operations) {
        Draft example = examples.of(operation);
        mutations.put(operation, Mutations.of(operation, example));
        boolean accepted = sender.send("a valid request", -1, example, examples);
        if (!accepted && Examples.canSucceed(operation)) {
          tally.violation(
              "the valid request of " + operation + " is refused",
              operation.name(),
              -1,
              example.bytes(),
              sender.latest());
        }
        if (sender.endedAccount()) {
          examples = new Examples(new Account(stage));
        }
      }
    }
    mutations.forEach(
        (operation, all) -> all.forEach(mutation -> plans.add(new Plan(operation, mutation))));
    Collections.shuffle(plans, new Random(seed));
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      workers.add(Thread.ofPlatform().name("fuzz-" + i).start(() -> work(deadline)));
    }
    for (Thread worker : workers) {
      worker.join();
    }
    refusals.check();
    return "%,d of %,d single changes, %,d combinations"
        .formatted(
            Math.min(next.get(), plans.size()),
            plans.size(),
            Math.max(0, next.get() - plans.size()));
  }

  private void work(Deadline deadline) {
    try (Sender sender = new Sender(stage, judge, tally, refusals)) {
      Examples examples = new Examples(new Account(stage));
      for (int sent = 1; !deadline.isOver(); sent++) {
        if (sent % REQUESTS_PER_USER == 0) {
          examples = new Examples(new Account(stage));
        }
        one(next.getAndIncrement(), sender, examples);
        if (sender.endedAccount()) {
          examples = new Examples(new Account(stage));
        }
      }
    } catch (RuntimeException | AssertionError e) {
      // Without its account a worker cannot go on; the others do.
      tally.violation(
          "a worker failed: " + e.getMessage(), "worker", next.get(), new byte[0], stack(e));
    }
  }

  private static byte[] stack(Throwable e) {
    java.io.StringWriter text = new java.io.StringWriter();
    e.printStackTrace(new java.io.PrintWriter(text));
    return text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  private void one(long index, Sender sender, Examples examples) {
    Input input = input(index);
    Draft draft = examples.of(input.operation());
    input.mutations().forEach(mutation -> mutation.apply(draft));
    sender.send(input.toString(), index, draft, examples);
  }

  /** What is sent with this number. */
  record Input(Operation operation, List<Mutation> mutations) {
    @Override
    public String toString() {
      return operation + " with " + mutations.stream().map(Mutation::name).toList();
    }
  }

  private Input input(long index) {
    if (index < plans.size()) {
      Plan plan = plans.get((int) index);
      return new Input(plan.operation(), List.of(plan.mutation()));
    }
    return combination(index, seed, operations, mutations);
  }

  /** Several changes of one request, chosen by the seed and the number alone. */
  static Input combination(
      long index, long seed, List<Operation> operations, Map<Operation, List<Mutation>> mutations) {
    Random random = Seeds.random(seed, index);
    Operation operation = operations.get(random.nextInt(operations.size()));
    List<Mutation> known = mutations.getOrDefault(operation, List.of());
    List<Mutation> chosen = new ArrayList<>();
    for (int i = random.nextInt(2, MAX_CHANGES + 1); i > 0; i--) {
      chosen.add(known.get(random.nextInt(known.size())));
    }
    return new Input(operation, List.copyOf(chosen));
  }
}

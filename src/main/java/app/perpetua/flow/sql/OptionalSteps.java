package app.perpetua.flow.sql;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The parts that one run of a transaction can do without: which it leaves out, and which have left
 * statements for the commit, where the server tells that one failed, but not which. Confined to one
 * thread.
 */
final class OptionalSteps {
  /** Some parts failed, and with them this run: another without them may succeed. */
  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Map<String, Consumer<RuntimeException>> parts;
    private final transient RuntimeException why;

    private Failed(Map<String, Consumer<RuntimeException>> parts, RuntimeException why) {
      super("without " + parts.keySet() + ", if need be", why, true, false);
      this.parts = parts;
      this.why = why;
    }

    /** Their names. */
    Set<String> names() {
      return parts.keySet();
    }

    /** Tells those that were missed in the run that committed. */
    void tell(Set<String> missed) {
      parts.forEach(
          (name, failed) -> {
            if (missed.contains(name)) {
              failed.accept(why);
            }
          });
    }
  }

  private final Set<String> without;
  private final Set<String> missed = new HashSet<>();
  private final Map<String, Consumer<RuntimeException>> begun = new HashMap<>();
  private final Map<String, Consumer<RuntimeException>> committing = new LinkedHashMap<>();
  private @Nullable String running;

  OptionalSteps(Set<String> without) {
    this.without = Set.copyOf(without);
  }

  /** Runs the part; false if this run goes without it. */
  boolean run(String name, Runnable work, Consumer<RuntimeException> failed) {
    if (without.contains(name)) {
      missed.add(name);
      return false;
    }
    String outer = running;
    running = name;
    begun.put(name, failed);
    try {
      work.run();
      return true;
    } catch (Failed inner) {
      throw inner;
    } catch (RuntimeException e) {
      throw mayBeTheirs(e) ? new Failed(Map.of(name, failed), e) : e;
    } finally {
      running = outer;
    }
  }

  /** A statement was left for the commit, by the running part if there is one. */
  void deferred() {
    if (running != null) {
      committing.put(running, begun.get(running));
    }
  }

  /** What a failed commit means: any part that left a statement may be to blame. */
  RuntimeException committing(RuntimeException e) {
    return committing.isEmpty() || !mayBeTheirs(e) ? e : new Failed(Map.copyOf(committing), e);
  }

  /** The parts that this run came upon and left out. */
  Set<String> missed() {
    return missed;
  }

  /** False for what befalls a transaction whatever it consists of. */
  private static boolean mayBeTheirs(RuntimeException e) {
    return !(e instanceof DatabaseException database)
        || switch (database.kind()) {
          case UNAVAILABLE, RETRY, PARTITION, COMMIT_UNKNOWN -> false;
          case BUSY, CONSTRAINT, DEFECT -> true;
        };
  }
}

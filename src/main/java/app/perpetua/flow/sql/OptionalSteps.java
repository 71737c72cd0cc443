package app.perpetua.flow.sql;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the optional steps of one attempt of a transaction: which to skip, and which have deferred
 * statements to the commit, where the server reports a failure but not of which statement. Confined
 * to one thread.
 */
final class OptionalSteps {
  /** The attempt failed in one of these steps; another one without them may succeed. */
  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Map<String, Consumer<RuntimeException>> onFailure;
    private final transient RuntimeException failure;

    private Failed(Map<String, Consumer<RuntimeException>> onFailure, RuntimeException failure) {
      super("optional steps failed: " + onFailure.keySet(), failure, true, false);
      this.onFailure = onFailure;
      this.failure = failure;
    }

    Set<String> steps() {
      return onFailure.keySet();
    }

    /** Calls the failure callbacks of the steps that the committed attempt skipped. */
    void report(Set<String> skipped) {
      onFailure.forEach(
          (name, callback) -> {
            if (skipped.contains(name)) {
              callback.accept(failure);
            }
          });
    }
  }

  private final Set<String> excluded;
  private final Set<String> skipped = new HashSet<>();
  private final Map<String, Consumer<RuntimeException>> started = new HashMap<>();
  private final Map<String, Consumer<RuntimeException>> deferring = new LinkedHashMap<>();
  private @Nullable String current;

  OptionalSteps(Set<String> excluded) {
    this.excluded = Set.copyOf(excluded);
  }

  /** Runs the step, or returns false if this attempt excludes it. */
  boolean run(String name, Runnable work, Consumer<RuntimeException> onFailure) {
    if (excluded.contains(name)) {
      skipped.add(name);
      return false;
    }
    String outer = current;
    current = name;
    started.put(name, onFailure);
    try {
      work.run();
      return true;
    } catch (Failed inner) {
      throw inner;
    } catch (RuntimeException e) {
      throw mayBeCausedByStep(e) ? new Failed(Map.of(name, onFailure), e) : e;
    } finally {
      current = outer;
    }
  }

  /** Records that the current step, if any, has deferred a statement to the commit. */
  void statementDeferred() {
    if (current != null) {
      deferring.put(current, started.get(current));
    }
  }

  /**
   * The exception to throw if the deferred statements failed: any step that deferred one may be
   * why.
   */
  RuntimeException deferredFailed(RuntimeException e) {
    return deferring.isEmpty() || !mayBeCausedByStep(e) ? e : new Failed(Map.copyOf(deferring), e);
  }

  /** Records that the deferred statements have succeeded. */
  void deferredSent() {
    deferring.clear();
  }

  /** The steps that this attempt reached and did not run. */
  Set<String> skipped() {
    return skipped;
  }

  /** False for failures that can hit any transaction, whatever its statements. */
  private static boolean mayBeCausedByStep(RuntimeException e) {
    return !(e instanceof DatabaseException database)
        || switch (database.kind()) {
          case UNAVAILABLE, RETRY, PARTITION, COMMIT_UNKNOWN -> false;
          case BUSY, LOCKED, CONSTRAINT, DEFECT -> true;
        };
  }
}

package app.perpetua.flow.chaos.load;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Judges the answers that a person got.
 *
 * @param longest time to an answer, without a provider's
 * @param provider time that calls of a provider may add
 * @param mayCut whether connections may be cut: a process was killed or stopped
 */
public record Verdicts(Duration longest, Duration provider, boolean mayCut) {
  /** Reports each answer that the contract does not permit, and each that came too late. */
  public void judge(Entry entry, Consumer<String> problems) {
    for (Attempt attempt : entry.attempts()) {
      if (!isPermitted(entry.kind(), attempt)) {
        problems.accept(
            "%s: expected success, 503 or 409 with Retry-After%s, got %s"
                .formatted(entry, mayCut ? " or a cut connection" : "", shown(attempt)));
      }
      Duration limit = entry.kind().callsProvider() ? longest.plus(provider) : longest;
      if (attempt.waited().compareTo(limit) > 0) {
        problems.accept(
            "%s: expected an answer within %s ms, waited %s ms for %s"
                .formatted(entry, limit.toMillis(), attempt.waited().toMillis(), shown(attempt)));
      }
    }
    Optional<Attempt> last =
        entry.attempts().isEmpty() ? Optional.empty() : Optional.of(entry.attempts().getLast());
    if (last.isEmpty() || last.get().isRetryable()) {
      problems.accept(entry + ": expected a final answer after retries, there was none");
    }
  }

  private boolean isPermitted(Kind kind, Attempt attempt) {
    if (attempt.isCut()) {
      return mayCut;
    }
    return attempt.isSuccess()
        || kind.mayBeRefusedWith(attempt.code())
        || (attempt.isRetryable() && (attempt.retryAfter() || kind == Kind.WEBHOOK));
  }

  /** Reports a repetition of an acknowledged write that was not answered as before. */
  public static void judgeReplay(Entry entry, Attempt replay, Consumer<String> problems) {
    Attempt first = entry.acknowledged().orElseThrow();
    if (replay.status() != first.status()
        || !replay.body().equals(first.body())
        || !replay.replayed()) {
      problems.accept(
          "%s: repeated, expected the stored answer %s, got %s"
              .formatted(entry, shown(first), shown(replay)));
    }
  }

  private static String shown(Attempt attempt) {
    return attempt.isCut()
        ? "a cut connection (" + attempt.body() + ")"
        : attempt.status()
            + (attempt.replayed() ? " (replayed) " : " ")
            + attempt.body()
            + (attempt.retryAfter() ? "" : " without Retry-After");
  }
}

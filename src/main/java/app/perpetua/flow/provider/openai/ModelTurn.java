package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Answer;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Model.Usage;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.base.LogFields;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One turn of the model: an exchange and, as long as no event was returned, its retries. */
final class ModelTurn implements Answer {
  private static final System.Logger LOG = System.getLogger(ModelTurn.class.getName());

  /** An attempt with less time left than this is not started. */
  private static final Duration MIN_ATTEMPT = Duration.ofSeconds(1);

  private final OpenAi openAi;
  private final Prompt prompt;
  private final HttpRequest request;
  private final long begun;
  private final long deadline;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean isCounted = new AtomicBoolean();
  private final Queue<Event> ready = new ArrayDeque<>();
  private volatile @Nullable Attempt attempt;
  private @Nullable Event last;
  private int retries;
  private boolean hasSpoken;

  private record Attempt(
      ModelExchange exchange, ResponseParser reading, CircuitBreaker.Permit permit, long begun) {}

  ModelTurn(OpenAi openAi, Prompt prompt, HttpRequest request, Duration within) {
    this.openAi = openAi;
    this.prompt = prompt;
    this.request = request;
    this.begun = openAi.now();
    this.deadline = begun + within.toNanos();
  }

  @Override
  public Event next() throws InterruptedException {
    try {
      while (ready.isEmpty() && last == null) {
        advance();
      }
    } catch (InterruptedException e) {
      close();
      throw e;
    }
    Event next = ready.poll();
    if (next instanceof Event.TextDelta && !hasSpoken) {
      hasSpoken = true;
      openAi.metrics().firstWord(took());
    }
    return next == null ? Objects.requireNonNull(last) : next;
  }

  /** Reads one event of the provider, or retries, or ends the turn. */
  private void advance() throws InterruptedException {
    try {
      if (closed.getCount() == 0) {
        throw new ModelCallException(new Failure.Cancelled());
      }
      Attempt now = attempt;
      if (now == null) {
        now = begin();
      }
      for (Event event : now.reading().read(now.exchange().next())) {
        if (event instanceof Event.Finished finished) {
          now.permit().succeeded();
          end(finished, "finished", finished.usage());
        }
        ready.add(event);
      }
    } catch (ModelCallException broken) {
      // Closing makes reads fail in several ways.
      Failure failure = closed.getCount() == 0 ? new Failure.Cancelled() : broken.failure();
      settle(failure);
      if (failure instanceof Failure.Cancelled || !broken.isWorthARetry() || !backoff(failure)) {
        end(new Event.Failed(failure, broken.usage()), failure.word(), broken.usage());
      }
    }
  }

  private Attempt begin() throws ModelCallException, InterruptedException {
    Optional<CircuitBreaker.Permit> permit = openAi.breaker().admit();
    if (permit.isEmpty()) {
      throw new ModelCallException(new Failure.Paused(openAi.breaker().remaining()));
    }
    Attempt begun =
        new Attempt(openAi.exchange(deadline), openAi.reading(prompt), permit.get(), openAi.now());
    attempt = begun;
    // A concurrent close may have missed the attempt.
    if (closed.getCount() == 0) {
      throw new ModelCallException(new Failure.Cancelled());
    }
    openAi.begin(begun.exchange(), request);
    return begun;
  }

  /** Ends the attempt and reports its result to the breaker. */
  private void settle(Failure failure) {
    Attempt over = attempt;
    if (over == null) {
      return;
    }
    attempt = null;
    over.exchange().close();
    switch (failure) {
      case Failure.Unreachable _,
          Failure.ReadTimeout _,
          Failure.RateLimited _,
          Failure.ServerError _,
          Failure.Interrupted _,
          Failure.Malformed _ ->
          over.permit().failed(false);
      case Failure.QuotaExhausted _ -> over.permit().failed(true);
      case Failure.Rejected(int status, _) -> {
        if (status == 401 || status == 403 || status == 404) {
          over.permit().failed(false);
        } else {
          over.permit().succeeded();
        }
      }
      case Failure.DeadlineExceeded _ -> {
        // A deadline shorter than the provider's own time-out does not count as its failure.
        if (openAi.now() - over.begun() >= openAi.patience().answer().toNanos()) {
          over.permit().failed(false);
        } else {
          over.permit().released();
        }
      }
      case Failure.WrongShape _, Failure.TooLarge _, Failure.Refused _, Failure.Incomplete _ ->
          over.permit().succeeded();
      case Failure.Cancelled _, Failure.Paused _ -> over.permit().released();
    }
    if (!(failure instanceof Failure.Cancelled)) {
      log(failure, over);
    }
  }

  private void log(Failure failure, Attempt over) {
    LogFields fields =
        LogFields.of("failure", failure.word())
            .with("attempt", retries + 1)
            .with("provider_request_id", over.exchange().requestId())
            .with("took_ms", Duration.ofNanos(openAi.now() - over.begun()).toMillis());
    LogFields detailed =
        switch (failure) {
          case Failure.ServerError(int status) -> fields.with("status", status);
          case Failure.Rejected(int status, String code) ->
              fields.with("status", status).with("code", code);
          case Failure.Malformed(String why) -> fields.with("why", why);
          case Failure.WrongShape(String why) -> fields.with("why", why);
          case Failure.Incomplete(String reason) -> fields.with("why", reason);
          default -> fields;
        };
    LOG.log(System.Logger.Level.WARNING, "model call failed", detailed);
  }

  /** Waits for the back-off before a retry; false if there is none or too little time is left. */
  private boolean backoff(Failure failure) throws InterruptedException {
    if (hasSpoken || !ready.isEmpty() || retries == openAi.patience().retries()) {
      return false;
    }
    Duration backoff =
        failure instanceof Failure.RateLimited(Duration asked) && asked.isPositive()
            ? asked
            : openAi.jitter(openAi.patience().backoff().multipliedBy(1L << retries));
    Duration left = Duration.ofNanos(deadline - openAi.now());
    if (left.minus(MIN_ATTEMPT).compareTo(backoff) < 0) {
      return false;
    }
    retries++;
    openAi.metrics().retried(failure.word());
    closed.await(backoff.toNanos(), TimeUnit.NANOSECONDS);
    return true;
  }

  private void end(Event event, String outcome, Usage usage) {
    last = event;
    count(outcome, usage);
    Attempt over = attempt;
    attempt = null;
    if (over != null) {
      over.exchange().close();
    }
  }

  private void count(String outcome, Usage usage) {
    if (isCounted.compareAndSet(false, true)) {
      openAi.metrics().ended(outcome, took(), usage);
    }
  }

  private Duration took() {
    return Duration.ofNanos(openAi.now() - begun);
  }

  @Override
  public void close() {
    closed.countDown();
    Attempt now = attempt;
    if (now != null) {
      now.exchange().close();
      now.permit().released();
    }
    count(new Failure.Cancelled().word(), Usage.NONE);
  }
}

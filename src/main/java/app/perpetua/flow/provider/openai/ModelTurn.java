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
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One turn of the model: an exchange and its retries, which end with the first event returned. */
final class ModelTurn implements Answer {
  private static final System.Logger LOG = System.getLogger(ModelTurn.class.getName());

  /** No attempt starts with less time left. */
  private static final Duration MIN_ATTEMPT = Duration.ofSeconds(1);

  private final OpenAi openAi;
  private final Prompt prompt;
  private final HttpRequest request;
  private final long startNanos;
  private final long deadline;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean isCounted = new AtomicBoolean();
  private final Queue<Event> ready = new ArrayDeque<>();
  private volatile @Nullable Attempt attempt;
  private @Nullable Event last;
  private int retries;
  private boolean hasText;

  private record Attempt(
      ModelExchange exchange,
      ResponseParser parser,
      CircuitBreaker.Permit permit,
      long startNanos) {}

  ModelTurn(OpenAi openAi, Prompt prompt, HttpRequest request, Duration timeout) {
    this.openAi = openAi;
    this.prompt = prompt;
    this.request = request;
    this.startNanos = openAi.now();
    this.deadline = startNanos + timeout.toNanos();
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
    if (next instanceof Event.TextDelta && !hasText) {
      hasText = true;
      openAi.metrics().firstText(elapsed());
    }
    return next == null ? Objects.requireNonNull(last) : next;
  }

  /** Reads one event of the provider, or retries, or ends the turn. */
  private void advance() throws InterruptedException {
    try {
      if (closed.getCount() == 0) {
        throw new ModelCallException(new Failure.Cancelled());
      }
      Attempt current = attempt;
      if (current == null) {
        current = begin();
      }
      for (Event event :
          current.parser().read(current.exchange().next(current.parser().hasOutput()))) {
        if (event instanceof Event.Finished finished) {
          current.permit().succeeded();
          end(finished, "finished", finished.usage());
        }
        ready.add(event);
      }
    } catch (ModelCallException e) {
      // Closing makes reads fail in several ways.
      Failure failure = closed.getCount() == 0 ? new Failure.Cancelled() : e.failure();
      endAttempt(failure);
      if (failure instanceof Failure.Cancelled || !e.isRetryable() || !backoff(failure)) {
        end(new Event.Failed(failure, e.usage()), failure.label(), e.usage());
      }
    }
  }

  private Attempt begin() throws ModelCallException, InterruptedException {
    CircuitBreaker.Permit permit =
        switch (openAi.breaker().admit()) {
          case CircuitBreaker.Admission.Admitted(CircuitBreaker.Permit admitted) -> admitted;
          case CircuitBreaker.Admission.Paused(Duration remaining) ->
              throw new ModelCallException(new Failure.Paused(remaining));
        };
    Attempt started =
        new Attempt(openAi.exchange(deadline), openAi.parser(prompt), permit, openAi.now());
    attempt = started;
    // A concurrent close may have missed the attempt.
    if (closed.getCount() == 0) {
      throw new ModelCallException(new Failure.Cancelled());
    }
    started.exchange().begin(request);
    return started;
  }

  /** Ends the attempt and reports its result to the breaker. */
  private void endAttempt(Failure failure) {
    Attempt ended = attempt;
    if (ended == null) {
      return;
    }
    attempt = null;
    ended.exchange().close();
    switch (failure) {
      case Failure.Unreachable _,
          Failure.ReadTimeout _,
          Failure.RateLimited _,
          Failure.ServerError _,
          Failure.Interrupted _,
          Failure.Malformed _ ->
          ended.permit().failed(false);
      case Failure.QuotaExhausted _ -> ended.permit().failed(true);
      case Failure.Rejected(int status, _) -> {
        if (status == 401 || status == 403 || status == 404) {
          ended.permit().failed(false);
        } else {
          ended.permit().succeeded();
        }
      }
      case Failure.DeadlineExceeded _ -> {
        if (openAi.now() - ended.startNanos() >= openAi.failureThreshold().toNanos()) {
          ended.permit().failed(false);
        } else {
          ended.permit().released();
        }
      }
      case Failure.WrongShape _, Failure.TooLarge _, Failure.Refused _, Failure.Incomplete _ ->
          ended.permit().succeeded();
      case Failure.Cancelled _, Failure.Paused _ -> ended.permit().released();
    }
    if (!(failure instanceof Failure.Cancelled)) {
      log(failure, ended);
    }
  }

  private void log(Failure failure, Attempt ended) {
    LogFields fields =
        LogFields.of("failure", failure.label())
            .with("attempt", retries + 1)
            .with("provider_request_id", ended.exchange().requestId())
            .with("took_ms", Duration.ofNanos(openAi.now() - ended.startNanos()).toMillis());
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
    if (hasText || !ready.isEmpty() || retries == openAi.timeouts().retries()) {
      return false;
    }
    Duration backoff =
        failure instanceof Failure.RateLimited(Duration requested) && requested.isPositive()
            ? requested
            : openAi.jitter(openAi.timeouts().backoff().multipliedBy(1L << retries));
    Duration left = Duration.ofNanos(deadline - openAi.now());
    if (left.minus(MIN_ATTEMPT).compareTo(backoff) < 0) {
      return false;
    }
    retries++;
    openAi.metrics().retried(failure.label());
    closed.await(backoff.toNanos(), TimeUnit.NANOSECONDS);
    return true;
  }

  private void end(Event event, String outcome, Usage usage) {
    last = event;
    count(outcome, usage);
    Attempt ended = attempt;
    attempt = null;
    if (ended != null) {
      ended.exchange().close();
    }
  }

  private void count(String outcome, Usage usage) {
    if (isCounted.compareAndSet(false, true)) {
      openAi.metrics().ended(outcome, elapsed(), usage);
    }
  }

  private Duration elapsed() {
    return Duration.ofNanos(openAi.now() - startNanos);
  }

  @Override
  public void close() {
    closed.countDown();
    Attempt current = attempt;
    if (current != null) {
      current.exchange().close();
      current.permit().released();
    }
    count(new Failure.Cancelled().label(), Usage.NONE);
  }
}

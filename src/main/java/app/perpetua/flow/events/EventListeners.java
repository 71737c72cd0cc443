package app.perpetua.flow.events;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Tx;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.UUID;

/**
 * Calls listeners, each as an optional step of the transaction. The failure of a listener is
 * counted and logged, and a job retries it (FR-017; docs/decisions/reactions.md). Thread-safe.
 */
public final class EventListeners implements TransactionalHandler {
  /** The kind of the job that retries a failed listener. */
  public static final String RETRY = "handler_retry";

  private static final System.Logger LOG = System.getLogger(EventListeners.class.getName());

  private static final String OWN_PACKAGES = "app.perpetua.flow.";

  private record RetryPayload(@JsonProperty("reaction") String listener, Event event) {}

  private final Jobs jobs;
  private final Json json;
  private final MeterRegistry registry;
  private final Map<String, EventListener> listeners = new LinkedHashMap<>();

  /**
   * @param listeners called in this order
   * @throws IllegalArgumentException if two have the same name
   */
  public EventListeners(
      Jobs jobs, Json json, MeterRegistry registry, List<EventListener> listeners) {
    this.jobs = jobs;
    this.json = json;
    this.registry = registry;
    for (EventListener listener : listeners) {
      if (this.listeners.put(listener.name(), listener) != null) {
        throw new IllegalArgumentException("duplicate listener name: " + listener.name());
      }
      // Before the first failure, so that increase() shows it.
      failures(listener);
    }
  }

  /**
   * Calls every listener that handles the event. For a listener that failed in an earlier attempt
   * of the transaction, enqueues a retry job instead.
   *
   * @param entry id of the event's activity entry
   */
  void notify(Tx tx, UUID entry, Event event) {
    for (EventListener listener : listeners.values()) {
      if (listener.handles(event)
          && !tx.optional(
              listener.name(),
              () -> listener.handle(tx, event),
              failure -> report(tx.actor(), listener, event, failure))) {
        jobs.enqueue(
            tx,
            RETRY,
            listener.name() + ":" + entry,
            tx.now(),
            new RetryPayload(listener.name(), event));
      }
    }
  }

  @Override
  public Next run(Tx tx, Job job) {
    RetryPayload payload = json.read(job.payload(), RetryPayload.class);
    EventListener listener = listeners.get(payload.listener());
    if (listener == null) {
      throw new IllegalStateException("unknown listener: " + payload.listener());
    }
    jobs.continueChange(tx, job);
    listener.retry(tx, payload.event());
    return new Next.Done();
  }

  private Counter failures(EventListener listener) {
    return registry.counter("reaction.failures", "reaction", listener.name());
  }

  private void report(Actor actor, EventListener listener, Event event, RuntimeException failure) {
    failures(listener).increment();
    LOG.log(
        System.Logger.Level.WARNING,
        "listener failed; a job will retry it: {0}",
        describe(failure),
        LogFields.of("reaction", listener.name())
            .with("event", ActivityEntry.of(event).name())
            .with("request_id", actor.requestId())
            .with("user_id", actor.userId()));
  }

  /**
   * The exception with its causes and its first stack frame in this project. Messages may contain
   * what a user wrote, so only those of {@link DatabaseException} are logged.
   */
  private static String describe(RuntimeException failure) {
    StringJoiner causes = new StringJoiner(", caused by ");
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      causes.add(
          switch (cause) {
            case DatabaseException database -> database.getMessage() + constraint(database);
            case Refusal refusal -> "refused with " + refusal.code();
            default -> cause.getClass().getName();
          });
    }
    for (StackTraceElement frame : failure.getStackTrace()) {
      if (frame.getClassName().startsWith(OWN_PACKAGES)) {
        return causes + " at " + frame;
      }
    }
    return causes.toString();
  }

  private static String constraint(DatabaseException e) {
    return e.constraint() == null ? "" : " (" + e.constraint() + ")";
  }
}

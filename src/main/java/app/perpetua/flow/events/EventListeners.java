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

  /** Prefix of this project's packages; their first stack frame locates a failure in the log. */
  private static final String OWN_PACKAGES = "app.perpetua.flow.";

  /** The retry job's payload. */
  private record Missed(String reaction, Event event) {}

  private final Jobs jobs;
  private final Json json;
  private final MeterRegistry registry;
  private final Map<String, EventListener> reactions = new LinkedHashMap<>();

  /**
   * @param reactions called in this order
   * @throws IllegalArgumentException if two have the same name
   */
  public EventListeners(
      Jobs jobs, Json json, MeterRegistry registry, List<EventListener> reactions) {
    this.jobs = jobs;
    this.json = json;
    this.registry = registry;
    for (EventListener reaction : reactions) {
      if (this.reactions.put(reaction.name(), reaction) != null) {
        throw new IllegalArgumentException("duplicate listener name: " + reaction.name());
      }
    }
  }

  /**
   * Calls every listener that handles the event. For a listener that failed in an earlier attempt
   * of the transaction, enqueues a retry job instead.
   *
   * @param entry id of the event's activity entry
   */
  void notify(Tx tx, UUID entry, Event event) {
    for (EventListener reaction : reactions.values()) {
      if (reaction.handles(event)
          && !tx.optional(
              reaction.name(),
              () -> reaction.handle(tx, event),
              why -> failed(tx.actor(), reaction, event, why))) {
        jobs.enqueue(
            tx, RETRY, reaction.name() + ":" + entry, tx.now(), new Missed(reaction.name(), event));
      }
    }
  }

  /** Retries a failed listener. */
  @Override
  public Next run(Tx tx, Job job) {
    Missed missed = json.read(job.payload(), Missed.class);
    EventListener reaction = reactions.get(missed.reaction());
    if (reaction == null) {
      throw new IllegalStateException("unknown listener: " + missed.reaction());
    }
    reaction.retry(tx, missed.event());
    return new Next.Done();
  }

  private void failed(Actor actor, EventListener reaction, Event event, RuntimeException why) {
    registry.counter("reaction.failures", "reaction", reaction.name()).increment();
    LOG.log(
        System.Logger.Level.WARNING,
        "listener failed; a job will retry it: {0}",
        describe(why),
        LogFields.of("reaction", reaction.name())
            .with("event", ActivityEntry.of(event).name())
            .with("request_id", actor.requestId())
            .with("user_id", actor.userId()));
  }

  /**
   * The exception's causes and the place where it was thrown. Messages may contain what a user
   * wrote, so only those of {@link DatabaseException} are logged.
   */
  private static String describe(RuntimeException why) {
    StringJoiner causes = new StringJoiner(", caused by ");
    for (Throwable cause = why; cause != null; cause = cause.getCause()) {
      causes.add(
          switch (cause) {
            case DatabaseException database -> database.getMessage() + constraint(database);
            case Refusal refusal -> "refused with " + refusal.code();
            default -> cause.getClass().getName();
          });
    }
    for (StackTraceElement frame : why.getStackTrace()) {
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

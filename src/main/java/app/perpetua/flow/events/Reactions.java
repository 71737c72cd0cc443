package app.perpetua.flow.events;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.jobs.Handler;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.Jobs;
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
 * Runs reactions to events, each as a part that its transaction can do without; one that failed is
 * counted, logged, and repeated by a job (FR-017; docs/decisions/reactions.md). Thread-safe.
 */
public final class Reactions implements Handler {
  /** The kind of the job that repeats a failed reaction. */
  public static final String RETRY = "handler_retry";

  private static final System.Logger LOG = System.getLogger(Reactions.class.getName());

  /** Packages of ours: the first frame of theirs tells where it failed. */
  private static final String OURS = "app.perpetua.flow.";

  /** The payload of the job. */
  private record Missed(String reaction, Event event) {}

  private final Jobs jobs;
  private final Json json;
  private final MeterRegistry registry;
  private final Map<String, Reaction> reactions = new LinkedHashMap<>();

  /**
   * These reactions, in this order.
   *
   * @throws IllegalArgumentException if two have one name
   */
  public Reactions(Jobs jobs, Json json, MeterRegistry registry, List<Reaction> reactions) {
    this.jobs = jobs;
    this.json = json;
    this.registry = registry;
    for (Reaction reaction : reactions) {
      if (this.reactions.put(reaction.name(), reaction) != null) {
        throw new IllegalArgumentException("two reactions are called " + reaction.name());
      }
    }
  }

  /**
   * Lets every reaction react that the event concerns, unless this run goes without it.
   *
   * @param entry the event's id in the activity log
   */
  void react(Tx tx, UUID entry, Event event) {
    for (Reaction reaction : reactions.values()) {
      if (reaction.concerns(event)
          && !tx.part(
              reaction.name(),
              () -> reaction.on(tx, event),
              why -> failed(tx.actor(), reaction, event, why))) {
        jobs.enqueue(
            tx, RETRY, reaction.name() + ":" + entry, tx.now(), new Missed(reaction.name(), event));
      }
    }
  }

  /** Repeats a reaction that its change was made without. */
  @Override
  public Next run(Tx tx, Job job) {
    Missed missed = json.read(job.payload(), Missed.class);
    Reaction reaction = reactions.get(missed.reaction());
    if (reaction == null) {
      throw new IllegalStateException("no reaction is called " + missed.reaction());
    }
    reaction.later(tx, missed.event());
    return new Next.Done();
  }

  private void failed(Actor actor, Reaction reaction, Event event, RuntimeException why) {
    registry.counter("reaction.failures", "reaction", reaction.name()).increment();
    LOG.log(
        System.Logger.Level.WARNING,
        "a reaction failed; a job will repeat it: {0}",
        told(why),
        LogFields.of("reaction", reaction.name())
            .with("event", ActivityEntry.of(event).name())
            .with("request_id", actor.requestId())
            .with("user_id", actor.userId()));
  }

  /** What went wrong and where. Messages may repeat what a user wrote, so only ours are told. */
  private static String told(RuntimeException why) {
    StringJoiner told = new StringJoiner(", caused by ");
    for (Throwable cause = why; cause != null; cause = cause.getCause()) {
      told.add(
          switch (cause) {
            case DatabaseException database -> database.getMessage() + constraint(database);
            case Refusal refusal -> "refused with " + refusal.code();
            default -> cause.getClass().getName();
          });
    }
    for (StackTraceElement frame : why.getStackTrace()) {
      if (frame.getClassName().startsWith(OURS)) {
        return told + " at " + frame;
      }
    }
    return told.toString();
  }

  private static String constraint(DatabaseException e) {
    return e.constraint() == null ? "" : " (" + e.constraint() + ")";
  }
}

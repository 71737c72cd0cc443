package app.perpetua.flow.recurrence;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Instances;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Creates the next instance of a template (FR-016, FR-017). Idempotent: it acts on the stored state
 * alone, so a request for a job that is already queued may be dropped. Thread-safe.
 */
final class NextInstanceJob implements TransactionalHandler {
  /** The kind of this job; its key is the template's id. */
  static final String KIND = "recurring_task_generate";

  private final Instances instances;
  private final Jobs jobs;
  private final Events events;
  private final Duration lead;

  /**
   * @param lead how long before its occurrence an instance is created
   */
  NextInstanceJob(Instances instances, Jobs jobs, Events events, Duration lead) {
    this.instances = instances;
    this.jobs = jobs;
    this.events = events;
    this.lead = lead;
  }

  @Override
  public Next run(Tx tx, Job job) {
    // Undoing the completion removes the next instance.
    jobs.continueChange(tx, job);
    return Templates.find(tx, UUID.fromString(job.key()))
        .filter(Template::active)
        .flatMap(template -> generate(tx, template))
        .<Next>map(Next.Snooze::new)
        .orElseGet(Next.Done::new);
  }

  /**
   * Creates the instance, ignoring the limit of open tasks.
   *
   * @return when to run again, if it is still too early for the next occurrence
   */
  private Optional<Instant> generate(Tx tx, Template template) {
    Instances.Summary existing = instances.summary(tx, template.id());
    if (existing.pending().isPresent()) {
      return Optional.empty();
    }
    Optional<Instant> next =
        template.nextDue() == null && template.schedule().anchor() == Anchor.SCHEDULE
            ? Optional.empty()
            : template.nextOccurrence(existing, Templates.ended(tx, template, existing), tx.now());
    if (next.isEmpty()) {
      Templates.store(tx, template.withNext(null, false).nextVersion(tx.now()));
      events.emit(tx, new Event.TemplateUpdated(template.id(), false));
      return Optional.empty();
    }
    Instant occurrence = next.get();
    if (!Templates.withinLead(lead, occurrence, tx.now())) {
      storeNext(tx, template, template, occurrence);
      return Optional.of(occurrence.minus(lead));
    }
    instances.createNext(
        tx, template.id(), template.draft(occurrence, Templates.userZone(tx)), occurrence);
    int created = template.created() + 1;
    Instant following = Template.following(template.recurrence(), occurrence, created).orElse(null);
    storeNext(tx, template, template.withCreated(created), following);
    return Optional.empty();
  }

  /** Keeps {@code updated_at}: nobody has edited the template. */
  private static void storeNext(Tx tx, Template old, Template template, @Nullable Instant next) {
    Template changed = template.withNext(next, true);
    if (!changed.equals(old)) {
      Templates.store(tx, changed.nextVersion(template.updatedAt()));
    }
  }
}

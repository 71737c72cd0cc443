package app.perpetua.flow.recurrence;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.Tasks;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * The job {@code recurring_task_generate}, whose key is a template: makes its next instance
 * (FR-016, FR-017). It goes by what it finds, not by what it was told, so it may run as often as it
 * likes, and a request for it that finds one unfinished may be dropped. Thread-safe.
 */
public final class NextInstanceJob implements TransactionalHandler {
  private final Instances instances;
  private final Events events;

  public NextInstanceJob(Instances instances, Events events) {
    this.instances = instances;
    this.events = events;
  }

  @Override
  public Next run(Tx tx, Job job) {
    return Templates.find(tx, UUID.fromString(job.key()))
        .filter(Template::active)
        .flatMap(template -> generate(tx, template))
        .<Next>map(Next.Snooze::new)
        .orElseGet(Next.Done::new);
  }

  /**
   * The limit of open tasks does not matter here.
   *
   * @return when to look again, if it is too early
   */
  private Optional<Instant> generate(Tx tx, Template template) {
    Instances.Made made = instances.of(tx, template.id());
    if (made.waiting().isPresent()) {
      return Optional.empty();
    }
    Optional<Instant> next =
        template.nextDue() == null ? Optional.empty() : template.following(made, tx.now());
    if (next.isEmpty()) {
      Templates.store(tx, template.withNext(null, false).touched(tx.now()));
      events.emit(tx, new Event.TemplateUpdated(template.id(), false));
      return Optional.empty();
    }
    Instant occurrence = next.get();
    if (!Templates.reached(occurrence, tx.now())) {
      Templates.store(tx, template.withNext(occurrence, true));
      return Optional.of(occurrence.minus(Tasks.HORIZON));
    }
    instances.create(tx, template.id(), template.draft(occurrence));
    Instant later = template.recurrence().next(occurrence).orElse(null);
    Templates.store(tx, template.withNext(later, true));
    return Optional.empty();
  }
}

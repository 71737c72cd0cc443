package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.Tasks;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of templates (FR-015, FR-016, FR-018). An active template has either an instance that
 * is not completed or a job that creates the next one. Methods that write require the owner's lock.
 * Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
final class Templates {
  /**
   * What a rule will do.
   *
   * @param occurrences earliest first
   * @param rruleText the rule in English
   */
  record Preview(List<Instant> occurrences, String rruleText) {}

  /** A new template and its first instance, if the first occurrence is within the horizon. */
  record Created(Template template, Optional<Task> task) {}

  private final Tasks tasks;
  private final Instances instances;
  private final Ids ids;
  private final Events events;
  private final InstanceJobs jobs;

  Templates(Tasks tasks, Instances instances, Ids ids, Events events, InstanceJobs jobs) {
    this.tasks = tasks;
    this.instances = instances;
    this.ids = ids;
    this.events = events;
    this.jobs = jobs;
  }

  /** One page of the active or inactive templates, newest first; {@code active} null for both. */
  Page<Template> list(Tx tx, @Nullable Boolean active, PageRequest.ByOffset page) {
    return tx.sql("recurrence.list_templates").bind("active", active).page(page, Template::of);
  }

  Template get(Tx tx, UUID id) {
    return find(tx, id).orElseThrow(() -> missing(tx, id));
  }

  Preview preview(Tx tx, UUID id, int count) {
    Recurrence recurrence = get(tx, id).recurrence();
    return new Preview(recurrence.upcoming(tx.now(), count), recurrence.description());
  }

  /** The first occurrences of a rule that is not stored, refused as by {@link #create}. */
  Preview preview(Tx tx, Rrule rule, @Nullable Instant startsAt, @Nullable ZoneId zone, int count) {
    Recurrence recurrence = recurrence(tx, rule, startsAt, zone);
    return new Preview(recurrence.upcoming(recurrence.startsAt(), count), recurrence.description());
  }

  /**
   * Creates a template with its first instance.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the rule never occurs or the description is too
   *     long for the tier, {@code LIMIT_EXCEEDED} for open tasks or active templates
   */
  Created create(Tx tx, TemplateDraft draft) {
    Recurrence recurrence = recurrence(tx, draft.rule(), draft.startsAt(), draft.zone());
    TaskDraft fields = draft.fields();
    tasks.checkDescription(tx.owner(), fields.description());
    Instant first = recurrence.first().orElseThrow();
    boolean withinHorizon = withinHorizon(first, tx.now());
    if (withinHorizon) {
      tasks.checkRoom(tx.owner());
    }
    checkActiveLimit(tx);
    Instant next =
        withinHorizon ? recurrence.next(Template.later(first, tx.now())).orElse(null) : first;
    Template template =
        new Template(
            ids.next(),
            tx.userId(),
            fields.title(),
            fields.description(),
            fields.priority(),
            fields.estimatedDuration(),
            Template.Schedule.of(recurrence, next, true)
                .named(Objects.requireNonNullElse(draft.timezone(), tx.owner().timezone())),
            1,
            tx.now(),
            tx.now());
    bind(tx.sql("recurrence.insert_template"), template).atCommit();
    events.emit(tx, new Event.TemplateCreated(template.id()));
    if (!withinHorizon) {
      schedule(tx, template.id(), first);
      return new Created(template, Optional.empty());
    }
    Task task = instances.create(tx, template.id(), template.draft(first));
    return new Created(template, Optional.of(task));
  }

  /**
   * Changes a template and, if the patch requires it, its open instance (FR-018).
   *
   * @throws Refusal {@code VALIDATION_ERROR} as {@link #create} does, and if a rule without further
   *     occurrences is to become active; {@code CONFLICT} if the version is stale; {@code
   *     LIMIT_EXCEEDED}
   */
  Template patch(Tx tx, UUID id, TemplatePatch patch) {
    Optional<Template> found = find(tx, id);
    tasks.checkDescription(
        tx.owner(), patch.fields().description(), found.map(Template::description).orElse(null));
    Recurrence recurrence = patch.recurrence(found.orElse(null), tx.now());
    if (patch.setsRecurrence() && recurrence != null) {
      check(recurrence);
    }
    Template old = found.orElseThrow(() -> missing(tx, id));
    Refusal.checkVersion("template", patch.version(), old.version());
    Template changed = patch.applyTo(old, Objects.requireNonNull(recurrence));
    if (changed.equals(old) && !patch.updatesInstance()) {
      return old;
    }
    boolean activated = changed.active() && !old.active();
    if (activated) {
      checkActiveLimit(tx);
    }
    boolean rescheduled = !recurrence.equals(old.recurrence());
    if (rescheduled || activated || patch.updatesInstance()) {
      changed = reschedule(tx, old, changed, patch, rescheduled);
    } else if (!changed.active() && old.active()) {
      jobs.cancel(tx, id);
    }
    if (changed.equals(old)) {
      return old;
    }
    Template stored = changed.nextVersion(tx.now());
    store(tx, stored);
    events.emit(tx, new Event.TemplateUpdated(id, stored.active()));
    return stored;
  }

  /** Updates the open instance, the next occurrence and the job that creates its instance. */
  private Template reschedule(
      Tx tx, Template old, Template changed, TemplatePatch patch, boolean rescheduled) {
    Instances.Summary existing = instances.summary(tx, old.id());
    Optional<Instances.Pending> open =
        existing.pending().filter(instance -> !instance.task().archived());
    Instant newest = Template.later(existing.newestOccurrence(), tx.now());
    if (patch.updatesInstance() && open.isPresent()) {
      Instances.Pending instance = open.get();
      Instant occurrence =
          rescheduled
              ? newOccurrence(changed.recurrence(), instance, existing, tx.now())
              : instance.occurrence();
      Task task = instance.task();
      Instant due = occurrence.equals(instance.occurrence()) ? task.dueDate() : occurrence;
      TaskDraft fields = patch.fields().applyTo(task.fields()).withDueDate(due);
      instances.update(tx, instance, fields, occurrence);
      newest =
          Template.later(Template.later(existing.newestOtherOccurrence(), occurrence), tx.now());
    }
    Instant next = changed.nextDue();
    if (rescheduled) {
      next = changed.recurrence().next(newest).orElse(null);
    } else if (changed.active() && !old.active()) {
      next = changed.nextOccurrence(existing, tx.now()).orElse(null);
    }
    if (!changed.active()) {
      jobs.cancel(tx, old.id());
      return changed.withNext(next, false);
    }
    if (existing.pending().isPresent()) {
      return changed.withNext(next, true);
    }
    jobs.cancel(tx, old.id());
    if (next == null) {
      if (Boolean.TRUE.equals(patch.active())) {
        throw Refusal.invalid("active", "must be false: the rule has no further occurrence");
      }
      return changed.withNext(null, false);
    }
    schedule(tx, old.id(), next);
    return changed.withNext(next, true);
  }

  /**
   * The occurrence of the open instance after its rule has changed: the new rule's next one, unless
   * the instance is overdue or that occurrence is beyond the horizon.
   */
  private static Instant newOccurrence(
      Recurrence recurrence, Instances.Pending open, Instances.Summary existing, Instant now) {
    if (!open.occurrence().isAfter(now)) {
      return open.occurrence();
    }
    return recurrence
        .next(Template.later(existing.newestOtherOccurrence(), now))
        .filter(next -> withinHorizon(next, now))
        .orElse(open.occurrence());
  }

  /** Deletes a template and keeps its instances. */
  void delete(Tx tx, UUID id) {
    get(tx, id);
    tx.sql("recurrence.delete_template").bind("id", id).atCommit();
    jobs.cancel(tx, id);
    events.emit(tx, new Event.TemplateDeleted(id));
  }

  /** Whether a task may be due then (FR-013). */
  static boolean withinHorizon(Instant occurrence, Instant now) {
    return !occurrence.isAfter(now.plus(Tasks.HORIZON));
  }

  private void schedule(Tx tx, UUID id, Instant occurrence) {
    jobs.schedule(tx, id, Template.later(occurrence.minus(Tasks.HORIZON), tx.now()));
  }

  /** A checked recurrence, by default from its next occurrence on in the user's time zone. */
  private static Recurrence recurrence(
      Tx tx, Rrule rule, @Nullable Instant startsAt, @Nullable ZoneId zone) {
    LockedUser owner = tx.owner();
    ZoneId there = Objects.requireNonNullElseGet(zone, () -> ZoneId.of(owner.timezone()));
    Recurrence fromNow =
        new Recurrence(rule, Objects.requireNonNullElse(startsAt, tx.now()), there);
    check(fromNow);
    if (startsAt != null) {
      return fromNow;
    }
    Recurrence recurrence =
        Recurrence.startingAfter(rule, tx.now(), there)
            .orElseThrow(() -> Refusal.invalid("rrule", "has no occurrence after now"));
    check(recurrence);
    return recurrence;
  }

  private static void check(Recurrence recurrence) {
    String problem = recurrence.problem();
    if (problem != null) {
      throw Refusal.invalid("rrule", problem);
    }
  }

  private void checkActiveLimit(Tx tx) {
    int limit = tasks.maxOpen(tx.owner());
    int active = tx.sql("recurrence.count_active").one(row -> row.integer("active")).orElseThrow();
    if (active >= limit) {
      throw Refusal.limitExceeded("at most " + limit + " templates may be active", limit, active);
    }
  }

  static Optional<Template> find(Tx tx, UUID id) {
    return tx.sql("recurrence.find_template").bind("id", id).one(Template::of);
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("recurrence.find_template_owner", "template", id);
  }

  static void store(Tx tx, Template template) {
    bind(tx.sql("recurrence.store_template"), template)
        .bind("active", template.active())
        .bind("version", template.version())
        .bind("updated_at", template.updatedAt())
        .atCommit();
  }

  private static Query bind(Query statement, Template template) {
    return statement
        .bind("id", template.id())
        .bind("title", template.title())
        .bind("description", template.description())
        .bind("priority", template.priority())
        .bind("estimated_duration", template.estimatedDuration())
        .bind("rrule", template.schedule().rrule())
        .bind("timezone", template.schedule().timezone())
        .bind("starts_at", template.schedule().startsAt())
        .bind("next_due", template.nextDue());
  }
}

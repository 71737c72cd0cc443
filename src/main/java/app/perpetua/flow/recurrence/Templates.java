package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.Tasks;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of templates (FR-015, FR-016, FR-018). A template that is active has an instance that
 * is not completed, or a job that makes one when its time has come. Runs under the owner's lock
 * wherever it writes. Thread-safe.
 */
public final class Templates {
  /**
   * A new template.
   *
   * @param task its first instance; none if that is further ahead than a due date may be
   */
  public record Created(Template template, Optional<Task> task) {}

  private final Tasks tasks;
  private final Instances instances;
  private final Ids ids;
  private final Events events;
  private final Jobs jobs;

  public Templates(Tasks tasks, Instances instances, Ids ids, Events events, Jobs jobs) {
    this.tasks = tasks;
    this.instances = instances;
    this.ids = ids;
    this.events = events;
    this.jobs = jobs;
  }

  /**
   * The user's templates, newest first.
   *
   * @param active only those that are, or are not; null for all
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Page<Template> list(Tx tx, @Nullable Boolean active, PageRequest page) {
    return tx.sql("recurrence.list_templates").bind("active", active).page(page, Template::of);
  }

  /**
   * One template.
   *
   * @throws Refusal {@code FORBIDDEN} if it is another user's, {@code NOT_FOUND}
   */
  public Template show(Tx tx, UUID id) {
    return find(tx, id).orElseThrow(() -> missing(tx, id));
  }

  /**
   * The next occurrences of a template, from now on.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public List<Instant> preview(Tx tx, UUID id, int count) {
    return show(tx, id).recurrence().upcoming(tx.now(), count);
  }

  /**
   * The first occurrences of a rule that is not saved.
   *
   * @param startsAt from when on; null for now
   * @param zone whose clocks count; null for the user's own
   * @throws Refusal {@code VALIDATION_ERROR} if it could not be saved either
   */
  List<Instant> preview(
      Tx tx, Rrule rule, @Nullable Instant startsAt, @Nullable ZoneId zone, int count) {
    Recurrence recurrence = recurrence(tx, rule, startsAt, zone);
    check(recurrence);
    return recurrence.upcoming(recurrence.startsAt(), count);
  }

  /**
   * Creates a template with its first instance.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the rule never occurs or the description is too
   *     long for the tier, {@code LIMIT_EXCEEDED} if there is no room for the task, or as many
   *     templates are active as tasks may be open
   */
  Created create(Tx tx, TemplateDraft draft) {
    Recurrence recurrence = recurrence(tx, draft.rule(), draft.startsAt(), draft.zone());
    check(recurrence);
    tasks.checkDescription(tx.owner(), draft.description());
    Instant first = recurrence.first().orElseThrow();
    boolean reached = reached(first, tx.now());
    if (reached) {
      tasks.checkRoom(tx.owner());
    }
    checkActive(tx);
    Instant next = reached ? recurrence.next(Template.latest(first, tx.now())).orElse(null) : first;
    Template template =
        new Template(
            ids.next(),
            tx.userId(),
            draft.title(),
            draft.description(),
            draft.priority(),
            draft.estimatedDuration(),
            Template.Schedule.of(recurrence, next, true),
            tx.now(),
            tx.now());
    insert(tx, template);
    events.emit(tx, new Event.TemplateCreated(template.id()));
    if (!reached) {
      schedule(tx, template.id(), first);
      return new Created(template, Optional.empty());
    }
    return new Created(
        template, Optional.of(instances.create(tx, template.id(), template.draft(first))));
  }

  /**
   * Changes a template. Instances stay as they were, but for the open one if that is wished
   * (FR-018).
   *
   * @throws Refusal {@code VALIDATION_ERROR} as {@link #create} does, and if what has come to its
   *     end is to be active; {@code FORBIDDEN}, {@code NOT_FOUND}, {@code LIMIT_EXCEEDED}
   */
  Template patch(Tx tx, UUID id, TemplatePatch patch) {
    if (patch.description() != null) {
      tasks.checkDescription(tx.owner(), patch.description());
    }
    Optional<Template> found = find(tx, id);
    Recurrence recurrence = patch.recurrence(found.orElse(null), tx.now());
    if (patch.touchesTimes() && recurrence != null) {
      check(recurrence);
    }
    Template old = found.orElseThrow(() -> missing(tx, id));
    Template changed = patch.applyTo(old, Objects.requireNonNull(recurrence));
    if (changed.equals(old) && !patch.alsoOpen()) {
      return old;
    }
    if (changed.active() && !old.active()) {
      checkActive(tx);
    }
    boolean moved = !recurrence.equals(old.recurrence());
    boolean begins = changed.active() && !old.active();
    if (moved || begins || patch.alsoOpen()) {
      changed = arrange(tx, old, changed, patch, moved);
    } else if (!changed.active() && old.active()) {
      jobs.cancel(tx, Tasks.NEXT_INSTANCE, id.toString());
    }
    if (changed.equals(old)) {
      return old;
    }
    Template stored = changed.touched(tx.now());
    store(tx, stored);
    events.emit(tx, new Event.TemplateUpdated(id, stored.active()));
    return stored;
  }

  /** What follows for the open instance, for what comes next, and for the job that makes it. */
  private Template arrange(
      Tx tx, Template old, Template changed, TemplatePatch patch, boolean moved) {
    Instances.Made made = instances.of(tx, old.id());
    Optional<Instances.Waiting> open = made.waiting().filter(waiting -> !waiting.task().archived());
    Instant newest = Template.latest(made.newest(), tx.now());
    if (patch.alsoOpen() && open.isPresent()) {
      Instant occurrence =
          moved
              ? movedTo(changed.recurrence(), open.get(), made, tx.now())
              : open.get().occurrence();
      rewrite(tx, open.get(), patch, occurrence);
      newest = Template.latest(Template.latest(made.newestOther(), occurrence), tx.now());
    }
    Instant next = changed.nextDue();
    if (moved) {
      next = changed.recurrence().next(newest).orElse(null);
    } else if (changed.active() && !old.active()) {
      next = changed.following(made, tx.now()).orElse(null);
    }
    if (!changed.active()) {
      jobs.cancel(tx, Tasks.NEXT_INSTANCE, old.id().toString());
      return changed.withNext(next, false);
    }
    if (made.waiting().isPresent()) {
      return changed.withNext(next, true);
    }
    jobs.cancel(tx, Tasks.NEXT_INSTANCE, old.id().toString());
    if (next == null) {
      if (Boolean.TRUE.equals(patch.active())) {
        throw Refusal.invalid("active", "must be false, since the rule has no occurrence left");
      }
      return changed.withNext(null, false);
    }
    schedule(tx, old.id(), next);
    return changed.withNext(next, true);
  }

  /**
   * Where an open instance goes when the rule changes: to the new rule's next occurrence, unless it
   * is overdue already or that one is out of reach.
   */
  private static Instant movedTo(
      Recurrence recurrence, Instances.Waiting open, Instances.Made made, Instant now) {
    if (!open.occurrence().isAfter(now)) {
      return open.occurrence();
    }
    return recurrence
        .next(Template.latest(made.newestOther(), now))
        .filter(next -> reached(next, now))
        .orElse(open.occurrence());
  }

  private void rewrite(Tx tx, Instances.Waiting open, TemplatePatch patch, Instant occurrence) {
    Task task = open.task();
    instances.rewrite(
        tx,
        open,
        new TaskDraft(
            patch.title() == null ? task.title() : patch.title(),
            patch.description() == null ? task.fields().description() : patch.description(),
            patch.priority() == null ? task.fields().priority() : patch.priority(),
            occurrence.equals(open.occurrence()) ? task.dueDate() : occurrence,
            patch.estimatedDuration().given()
                ? patch.estimatedDuration().value()
                : task.fields().estimatedDuration()),
        occurrence);
  }

  /**
   * Deletes a template; its instances remain.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public void delete(Tx tx, UUID id) {
    show(tx, id);
    tx.sql("recurrence.delete_template").bind("id", id).atCommit();
    jobs.cancel(tx, Tasks.NEXT_INSTANCE, id.toString());
    events.emit(tx, new Event.TemplateDeleted(id));
  }

  /** True if a task may be due then: no further ahead than any due date (FR-013). */
  static boolean reached(Instant occurrence, Instant now) {
    return !occurrence.isAfter(now.plus(Tasks.HORIZON));
  }

  private void schedule(Tx tx, UUID id, Instant occurrence) {
    Instant when = Template.latest(occurrence.minus(Tasks.HORIZON), tx.now());
    jobs.enqueue(tx, Tasks.NEXT_INSTANCE, id.toString(), when, Map.of());
  }

  private static Recurrence recurrence(
      Tx tx, Rrule rule, @Nullable Instant startsAt, @Nullable ZoneId zone) {
    LockedUser owner = tx.owner();
    return new Recurrence(
        rule,
        startsAt == null ? tx.now() : startsAt,
        zone == null ? ZoneId.of(owner.timezone()) : zone);
  }

  private static void check(Recurrence recurrence) {
    String fault = recurrence.fault();
    if (fault != null) {
      throw Refusal.invalid("rrule", fault);
    }
  }

  private void checkActive(Tx tx) {
    int limit = tasks.maxOpen(tx.owner());
    int active = tx.sql("recurrence.count_active").one(row -> row.integer("active")).orElseThrow();
    if (active >= limit) {
      throw Refusal.of(
              ErrorCode.LIMIT_EXCEEDED, "no more than " + limit + " templates may be active")
          .with("limit", limit)
          .with("current", active);
    }
  }

  static Optional<Template> find(Tx tx, UUID id) {
    return tx.sql("recurrence.find_template").bind("id", id).one(Template::of);
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("recurrence.find_template_owner", "template", id);
  }

  private static void insert(Tx tx, Template template) {
    tx.sql("recurrence.insert_template")
        .bind("id", template.id())
        .bind("title", template.title())
        .bind("description", template.description())
        .bind("priority", template.priority())
        .bind("estimated_duration", template.estimatedDuration())
        .bind("rrule", template.schedule().rrule())
        .bind("timezone", template.schedule().timezone())
        .bind("starts_at", template.schedule().startsAt())
        .bind("next_due", template.nextDue())
        .atCommit();
  }

  static void store(Tx tx, Template template) {
    tx.sql("recurrence.store_template")
        .bind("id", template.id())
        .bind("title", template.title())
        .bind("description", template.description())
        .bind("priority", template.priority())
        .bind("estimated_duration", template.estimatedDuration())
        .bind("rrule", template.schedule().rrule())
        .bind("timezone", template.schedule().timezone())
        .bind("starts_at", template.schedule().startsAt())
        .bind("next_due", template.nextDue())
        .bind("active", template.active())
        .bind("updated_at", template.updatedAt())
        .atCommit();
  }
}

package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.Placement;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of templates (FR-015, FR-016, FR-018, FR-200 to FR-202). An active template has either
 * an instance that is neither completed nor skipped or a job that creates the next one. Methods
 * that write require the owner's lock. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
public final class Templates {
  /**
   * What a rule will do.
   *
   * @param occurrences earliest first; if anchored to completions, as if each task were completed
   *     on its day
   * @param days those of the occurrences of a rule for days; null for others
   * @param rruleText the rule in English
   */
  record Preview(List<Instant> occurrences, @Nullable List<LocalDate> days, String rruleText) {}

  /** A new template and its first instance, if it is time to create that. */
  public record Created(Template template, Optional<Task> task) {}

  private final Tasks tasks;
  private final Instances instances;
  private final Ids ids;
  private final Events events;
  private final InstanceJobs jobs;
  private final Duration lead;

  /**
   * @param lead how long before its occurrence an instance is created
   */
  Templates(
      Tasks tasks, Instances instances, Ids ids, Events events, InstanceJobs jobs, Duration lead) {
    this.tasks = tasks;
    this.instances = instances;
    this.ids = ids;
    this.events = events;
    this.jobs = jobs;
    this.lead = lead;
  }

  /** One page of the active or inactive templates, newest first; {@code active} null for both. */
  Page<Template> list(Tx tx, @Nullable Boolean active, PageRequest.ByOffset page) {
    return tx.sql("recurrence.list_templates").bind("active", active).page(page, Template::of);
  }

  Template get(Tx tx, UUID id) {
    return find(tx, id).orElseThrow(() -> missing(tx, id));
  }

  Preview preview(Tx tx, UUID id, int count) {
    Template template = get(tx, id);
    Recurrence recurrence = template.recurrence();
    if (recurrence.anchor() == Anchor.SCHEDULE) {
      return preview(recurrence, recurrence.upcoming(tx.now(), count));
    }
    Optional<Instant> next =
        Optional.ofNullable(template.nextDue())
            .flatMap(due -> due.isAfter(tx.now()) ? Optional.of(due) : recurrence.next(tx.now()));
    int left = Math.min(count, recurrence.left(template.created()));
    return preview(recurrence, recurrence.chain(next, left));
  }

  /** The first occurrences of a rule that is not stored, refused as by {@link #create}. */
  Preview preview(Tx tx, Rrule rule, Timing timing, int count) {
    Recurrence recurrence = recurrence(tx, rule, timing);
    int left = Math.min(count, recurrence.left(0));
    return preview(recurrence, recurrence.upcoming(recurrence.startsAt(), left));
  }

  private static Preview preview(Recurrence recurrence, List<Instant> occurrences) {
    return new Preview(
        occurrences,
        recurrence.allDay() ? occurrences.stream().map(recurrence::day).toList() : null,
        recurrence.description());
  }

  /**
   * Creates a template with its first instance.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the rule never occurs or the description is too
   *     long for the tier, {@code LIMIT_EXCEEDED} for open tasks or active templates
   */
  Created create(Tx tx, TemplateDraft draft) {
    Tasks.checkPlacement(tx, draft.fields().placement(), Placement.INBOX);
    Created created = prepare(tx, draft, false);
    insert(tx, created);
    return created;
  }

  /**
   * Makes a template and its first instance, which {@link #insert} stores.
   *
   * @param draft with list and labels of the user
   * @param atOnce whether it has a first instance also if it is too early for that
   * @throws Refusal as {@link #create}
   */
  public Created prepare(Tx tx, TemplateDraft draft, boolean atOnce) {
    Recurrence recurrence = recurrence(tx, draft.rule(), draft.timing());
    Template.Fields fields = Template.Fields.of(draft.fields());
    tasks.checkDescription(tx.owner(), fields.description());
    Instant first = recurrence.first().orElseThrow();
    boolean hasFirst = atOnce || withinLead(lead, first, tx.now());
    if (hasFirst) {
      tasks.checkRoom(tx.owner());
    }
    checkActiveLimit(tx);
    Instant next =
        hasFirst
            ? Template.following(recurrence, Template.later(first, tx.now()), 1).orElse(null)
            : first;
    Template template =
        new Template(
            ids.next(),
            tx.userId(),
            fields,
            Template.Schedule.of(
                recurrence,
                Objects.requireNonNullElse(draft.timing().timezone(), tx.owner().timezone()),
                next,
                true),
            hasFirst ? 1 : 0,
            1,
            tx.now(),
            tx.now());
    Optional<Task> task =
        hasFirst
            ? Optional.of(instances.prepare(tx, template.id(), template.draft(first, userZone(tx))))
            : Optional.empty();
    return new Created(template, task);
  }

  /** Stores a new template and its first instance at the commit. */
  public void insert(Tx tx, Created created) {
    Template template = created.template();
    bind(tx.sql("recurrence.insert_template"), template).atCommit();
    events.emit(tx, new Event.TemplateCreated(template.id()));
    Instant first = template.recurrence().first().orElseThrow();
    created
        .task()
        .ifPresentOrElse(
            task -> instances.insert(tx, task, first), () -> schedule(tx, template.id(), first));
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
        tx.owner(),
        patch.fields().description(),
        found.map(template -> template.fields().description()).orElse(null));
    Recurrence recurrence = patch.recurrence(found.orElse(null), tx.now());
    if (patch.setsRecurrence() && recurrence != null) {
      check(recurrence);
    }
    Template old = found.orElseThrow(() -> missing(tx, id));
    Refusal.checkVersion("template", patch.version(), old.version());
    Template changed = patch.applyTo(old, Objects.requireNonNull(recurrence));
    Tasks.checkPlacement(tx, changed.fields().placement(), old.fields().placement());
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
      TaskDraft fields = patch.fields().applyTo(instance.task().fields());
      if (!occurrence.equals(instance.occurrence())) {
        fields = changed.due(fields, occurrence, userZone(tx));
      }
      instances.update(tx, instance, fields, occurrence);
      newest =
          Template.later(Template.later(existing.newestOtherOccurrence(), occurrence), tx.now());
    }
    Instant next = changed.nextDue();
    if (rescheduled) {
      changed = changed.withCreated(existing.pending().isPresent() ? 1 : 0);
      next = Template.following(changed.recurrence(), newest, changed.created()).orElse(null);
    } else if (changed.active() && !old.active()) {
      next = changed.nextOccurrence(existing, ended(tx, changed, existing), tx.now()).orElse(null);
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
   * the instance is overdue or it is too early for that occurrence.
   */
  private Instant newOccurrence(
      Recurrence recurrence, Instances.Pending open, Instances.Summary existing, Instant now) {
    if (!open.occurrence().isAfter(now)) {
      return open.occurrence();
    }
    Instant after = Template.later(existing.newestOtherOccurrence(), now);
    Optional<Instant> first =
        recurrence.anchor() == Anchor.COMPLETION && !recurrence.startsAt().isAfter(after)
            ? Optional.of(recurrence.on(recurrence.day(open.occurrence())))
                .filter(occurrence -> occurrence.isAfter(after))
            : recurrence.next(after);
    return first.filter(next -> withinLead(lead, next, now)).orElse(open.occurrence());
  }

  /** When the newest instance was completed, skipped or deleted; null if none was, or unknown. */
  static @Nullable Instant ended(Tx tx, Template template, Instances.Summary existing) {
    return template.schedule().anchor() == Anchor.COMPLETION
        ? tx.sql("recurrence.find_deleted_occurrence")
            .bind("id", template.id())
            .bind("newest", existing.newestOccurrence())
            .one(row -> row.instant("ended_at"))
            .orElse(existing.newestEnded())
        : null;
  }

  static ZoneId userZone(Tx tx) {
    return ZoneId.of(tx.owner().timezone());
  }

  /** Deletes a template and keeps its instances. */
  void delete(Tx tx, UUID id) {
    get(tx, id);
    tx.sql("recurrence.delete_template").bind("id", id).atCommit();
    jobs.cancel(tx, id);
    events.emit(tx, new Event.TemplateDeleted(id));
  }

  /** Whether it is time to create the instance of an occurrence. */
  static boolean withinLead(Duration lead, Instant occurrence, Instant now) {
    return !occurrence.isAfter(now.plus(lead));
  }

  private void schedule(Tx tx, UUID id, Instant occurrence) {
    jobs.schedule(tx, id, Template.later(occurrence.minus(lead), tx.now()));
  }

  /** A checked recurrence, by default from its next occurrence on in the user's time zone. */
  private static Recurrence recurrence(Tx tx, Rrule rule, Timing timing) {
    Recurrence fromNow = timing.recurrence(rule, tx.now(), userZone(tx));
    check(fromNow);
    if (timing.startsAt() != null || timing.startsOn() != null) {
      return fromNow;
    }
    Recurrence recurrence =
        Recurrence.startingAfter(rule, tx.now(), fromNow.zone(), fromNow.anchor())
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
        .bind("title", template.fields().title())
        .bind("description", template.fields().description())
        .bind("priority", template.fields().priority())
        .bind("estimated_duration", template.fields().estimatedDuration())
        .bind("list_id", template.fields().listId())
        .bind("label_ids", template.fields().labelIds())
        .bind("all_day", template.schedule().allDay())
        .bind("anchor", template.schedule().anchor())
        .bind("created", template.created())
        .bind("rrule", template.schedule().rrule())
        .bind("timezone", template.schedule().timezone())
        .bind("starts_at", template.schedule().startsAt())
        .bind("next_due", template.nextDue());
  }
}

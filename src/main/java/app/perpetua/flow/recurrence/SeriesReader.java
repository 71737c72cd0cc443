package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Priority;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads templates for features that show what will be due. Thread-safe. */
public final class SeriesReader {
  /**
   * Checks that a template is the acting user's.
   *
   * @throws Refusal {@code NOT_FOUND}, {@code FORBIDDEN} or {@code UNAUTHORIZED}
   */
  public void requireTemplate(Tx tx, UUID id) {
    if (Templates.find(tx, id).isEmpty()) {
      throw tx.missing("recurrence.find_template_owner", "template", id);
    }
  }

  /**
   * The series of the acting user's active templates, by id. Templates without an occurrence within
   * five years are left out.
   *
   * @param from what was due before is left out
   * @param priority null for all
   * @param templateId null for all
   * @param limit templates to read at most
   */
  public List<Series> list(
      Tx tx, Instant from, @Nullable Priority priority, @Nullable UUID templateId, int limit) {
    List<Template> templates =
        tx.sql("recurrence.list_active")
            .bind("priority", priority)
            .bind("template_id", templateId)
            .bind("limit", limit)
            .list(Template::of);
    if (templates.isEmpty()) {
      return List.of();
    }
    Map<UUID, Set<Instant>> withTask = new HashMap<>();
    tx.sql("recurrence.list_occurrences")
        .bind("template_ids", templates.stream().map(Template::id).toList())
        .bind("from", from)
        .list(
            row ->
                withTask
                    .computeIfAbsent(row.uuid("template_id"), _ -> new TreeSet<>())
                    .add(row.instant("occurrence_at")));
    return templates.stream()
        .flatMap(
            template ->
                series(template, from, withTask.getOrDefault(template.id(), Set.of())).stream())
        .toList();
  }

  private static Optional<Series> series(Template template, Instant from, Set<Instant> withTask) {
    if (template.nextDue() == null) {
      return Optional.empty();
    }
    Recurrence recurrence = template.recurrence();
    Optional<Instant> next =
        recurrence.anchor() == Anchor.COMPLETION
            ? Optional.of(template.nextDue()).filter(due -> !due.isBefore(from))
            : recurrence.upcoming(Template.later(template.nextDue(), from), 1).stream().findFirst();
    return next.map(first -> series(template, recurrence, first, withTask));
  }

  private static Series series(
      Template template, Recurrence recurrence, Instant first, Set<Instant> withTask) {
    Recurrence.Pattern pattern = recurrence.from(first);
    ZoneId zone = recurrence.zone();
    LocalTime time = pattern.start().toLocalTime();
    return new Series(
        template.id(),
        template.fields().draft(),
        pattern.start(),
        recurrence.allDay(),
        template.schedule().timezone(),
        pattern.rrule(),
        withTask.stream()
            .filter(occurrence -> !occurrence.isBefore(first))
            .map(occurrence -> occurrence.atZone(zone).toLocalDate().atTime(time))
            .toList(),
        template.version(),
        template.createdAt(),
        template.updatedAt());
  }
}

package app.perpetua.flow.agenda;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Task;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads agendas (docs/decisions/agenda.md). Thread-safe. */
final class Agendas {
  private static final int OVERDUE = -1;

  private final Json json;
  private final int maxTasks;

  /** What a row has beside its task: in the first row all, in others nothing. */
  private record Counts(int completed, @Nullable String open) {}

  /** A task and the number of its day: -1 overdue, 0 of the date, more upcoming. */
  private record Placed(int day, Task task) {}

  /** Open tasks of a list on a day. */
  private record Count(@Nullable UUID listId, int day, int tasks) {}

  /**
   * @param maxTasks shown as overdue, likewise of the day and of all days after it
   */
  Agendas(Json json, int maxTasks) {
    this.json = json;
    this.maxTasks = maxTasks;
  }

  /**
   * Reads an agenda of the acting user.
   *
   * @param date null for today in the user's time zone
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  Agenda read(Tx tx, @Nullable LocalDate date) {
    ZoneId zone =
        tx.sql("owner.find_timezone")
            .one(row -> ZoneId.of(row.text("timezone")))
            .orElseThrow(Refusal::accountDeleted);
    AgendaDays days =
        date == null ? AgendaDays.today(zone, tx.now()) : new AgendaDays(date, zone, tx.now());
    OneToMany<Counts, Placed> found =
        tx.sql("agenda.list_agenda")
            .bind("date", days.date())
            .bind("starts", days.starts())
            .bind("from", days.start(0))
            .bind("next", days.start(1))
            .bind("until", days.start(AgendaDays.UPCOMING + 1))
            .bind("overdue_before", days.overdueBefore())
            .bind("limit", maxTasks)
            .oneToMany(Agendas::counts, row -> new Placed(row.integer("day"), Task.of(row)));
    String open = found.one().open();
    List<Count> counts = open == null ? List.of() : List.of(json.read(open, Count[].class));
    return agenda(days, found.one().completed(), counts, found.many());
  }

  private static Counts counts(Row row) {
    return new Counts(row.integer("completed_count"), row.textOrNull("counts"));
  }

  private static Agenda agenda(
      AgendaDays days, int completed, List<Count> counts, List<Placed> tasks) {
    Map<Integer, List<Task>> shown = new LinkedHashMap<>();
    tasks.forEach(
        placed -> shown.computeIfAbsent(placed.day(), _ -> new ArrayList<>()).add(placed.task()));
    List<Agenda.Day> upcoming =
        IntStream.rangeClosed(1, AgendaDays.UPCOMING)
            .mapToObj(
                day ->
                    new Agenda.Day(
                        days.date().plusDays(day),
                        sum(counts, day, day),
                        shown.getOrDefault(day, List.of())))
            .toList();
    int upcomingCount = sum(counts, 1, AgendaDays.UPCOMING);
    return new Agenda(
        days.date(),
        days.zone().getId(),
        days.now(),
        completed,
        Agenda.Section.of(sum(counts, OVERDUE, OVERDUE), shown.getOrDefault(OVERDUE, List.of())),
        Agenda.Section.of(sum(counts, 0, 0), shown.getOrDefault(0, List.of())),
        new Agenda.Upcoming(
            upcomingCount,
            upcoming.stream().mapToInt(day -> day.tasks().size()).sum() < upcomingCount,
            upcoming),
        lists(counts));
  }

  private static List<Agenda.ListCounts> lists(List<Count> counts) {
    Map<UUID, List<Count>> byList = new LinkedHashMap<>();
    counts.forEach(
        count -> byList.computeIfAbsent(count.listId(), _ -> new ArrayList<>()).add(count));
    return byList.entrySet().stream()
        .map(
            entry ->
                new Agenda.ListCounts(
                    entry.getKey(),
                    sum(entry.getValue(), OVERDUE, OVERDUE),
                    sum(entry.getValue(), 0, 0),
                    sum(entry.getValue(), 1, AgendaDays.UPCOMING)))
        .toList();
  }

  private static int sum(List<Count> counts, int firstDay, int lastDay) {
    return counts.stream()
        .filter(count -> firstDay <= count.day() && count.day() <= lastDay)
        .mapToInt(Count::tasks)
        .sum();
  }
}

package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Clause.Field;
import app.perpetua.flow.filters.Clause.Part;
import app.perpetua.flow.filters.Values.Ids;
import app.perpetua.flow.filters.Values.Interval;
import app.perpetua.flow.filters.Values.Names;
import app.perpetua.flow.filters.Values.Ranges;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A clause as the statements of {@code filters.sql} read it from JSON. */
final class ClauseRow {
  private final Map<String, Object> members = new LinkedHashMap<>();

  private ClauseRow() {}

  /** The members of the JSON object; conditions that the clause does not have are absent. */
  static Map<String, Object> of(Clause clause) {
    ClauseRow row = new ClauseRow();
    clause.values().forEach(row::add);
    row.add(clause.present(), "");
    row.add(clause.absent(), "no_");
    return row.members;
  }

  private void add(Field field, Values values) {
    String name = field.name().toLowerCase(Locale.ROOT);
    switch (field) {
      case COMPLETED, HIDDEN, ARCHIVED, ALL_DAY, LABELLED -> {
        Names names = (Names) values;
        if (names.names().size() == 1) {
          members.put(name, Boolean.valueOf(names.names().iterator().next()));
        }
      }
      case PRIORITY -> members.put("priorities", ((Names) values).names());
      case DUE, COMPLETED_AT -> addNullable(name, (Ranges) values, ClauseRow::instant);
      case START -> addNullable(name, (Ranges) values, day -> LocalDate.ofEpochDay(day).toString());
      case ESTIMATE -> addNullable(name, (Ranges) values, Long::toString);
      case CREATED, UPDATED -> members.put(name, ranges((Ranges) values, ClauseRow::instant));
      case SUBTASKS -> members.put(name, ranges((Ranges) values, Long::toString));
      case LIST -> addIds("lists", "list", (Ids) values);
      case TEMPLATE -> addIds("templates", "template", (Ids) values);
    }
  }

  private void addNullable(String name, Ranges ranges, LongFunction<String> format) {
    members.put(name, ranges(ranges, format));
    members.put(name + "_missing", ranges.missing());
  }

  private void addIds(String plural, String singular, Ids ids) {
    members.put(plural, ids.ids());
    members.put(plural + "_except", ids.except());
    members.put(singular + "_missing", ids.missing());
  }

  private void add(Collection<Part> parts, String prefix) {
    addAll(
        prefix + "labels",
        parts.stream().filter(Part.Label.class::isInstance).map(part -> ((Part.Label) part).id()));
    for (Expression.TextField field : Expression.TextField.values()) {
      addAll(
          prefix + (field == Expression.TextField.TITLE ? "titles" : "words"),
          parts.stream()
              .filter(part -> part instanceof Part.Word word && word.field() == field)
              .map(part -> ((Part.Word) part).pattern()));
    }
  }

  private void addAll(String name, Stream<?> values) {
    List<?> list = values.toList();
    if (!list.isEmpty()) {
      members.put(name, list);
    }
  }

  /** A multirange as PostgreSQL reads it. */
  private static String ranges(Ranges ranges, LongFunction<String> format) {
    return ranges.intervals().stream()
        .map(
            interval ->
                "["
                    + (interval.from() == Interval.ALL.from() ? "" : format.apply(interval.from()))
                    + ","
                    + (interval.before() == Interval.ALL.before()
                        ? ""
                        : format.apply(interval.before()))
                    + ")")
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String instant(long milli) {
    return Instant.ofEpochMilli(milli).toString();
  }
}

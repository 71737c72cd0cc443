package app.perpetua.flow.contract;

import static app.perpetua.flow.contract.Document.list;
import static app.perpetua.flow.contract.Document.map;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds changes of the contract that break clients of the released one, as docs/api-versioning.md
 * defines them: requests may only be accepted more widely, answers only become more specific. Used
 * once.
 */
final class Compatibility {
  private static final int ANNOUNCED_DAYS = 90;

  /** The direction of a value, which determines the breaking changes. */
  private enum Way {
    REQUEST,
    ANSWER
  }

  private final Document released;
  private final Document current;
  private final LocalDate today;
  private final List<String> breaks = new ArrayList<>();
  private final Set<String> compared = new HashSet<>();

  private Compatibility(Document released, Document current, LocalDate today) {
    this.released = released;
    this.current = current;
    this.today = today;
  }

  /** All breaking changes, each with its place; empty if there are none. */
  static List<String> breaks(Document released, Document current, LocalDate today) {
    Compatibility comparison = new Compatibility(released, current, today);
    comparison.operations();
    return comparison.breaks;
  }

  private void operations() {
    Map<String, Map<String, Object>> now = current.operations();
    released
        .operations()
        .forEach(
            (name, before) -> {
              Map<String, Object> after = now.get(name);
              if (after != null) {
                operation(name, before, after);
              } else if (!hasSunset(before)) {
                add(name, "was removed");
              }
            });
    now.forEach((name, after) -> announcement(name, after, released.operations().get(name)));
  }

  private boolean hasSunset(Map<String, Object> operation) {
    LocalDate sunset = sunset(operation);
    return Boolean.TRUE.equals(operation.get("deprecated"))
        && sunset != null
        && sunset.isBefore(today);
  }

  private void announcement(
      String name, Map<String, Object> after, @Nullable Map<String, Object> before) {
    boolean deprecated = Boolean.TRUE.equals(after.get("deprecated"));
    LocalDate sunset = sunset(after);
    LocalDate promised = before == null ? null : sunset(before);
    if (deprecated != (sunset != null)) {
      add(name, "needs both deprecated: true and an x-sunset such as '2027-01-31', or neither");
    } else if (sunset != null && promised == null) {
      if (sunset.isBefore(today.plusDays(ANNOUNCED_DAYS))) {
        add(name, "ends less than " + ANNOUNCED_DAYS + " days after its announcement");
      }
    } else if (sunset != null && sunset.isBefore(promised)) {
      add(name, "ends earlier than was announced");
    }
  }

  private static @Nullable LocalDate sunset(Map<String, Object> operation) {
    try {
      return operation.get("x-sunset") instanceof String date ? LocalDate.parse(date) : null;
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private void operation(String name, Map<String, Object> before, Map<String, Object> after) {
    same(name, "operationId", before, after);
    security(name, before, after);
    parameters(name, before, after);
    body(name + " body", before, after);
    Map<String, Object> answers = map(after.get("responses"));
    map(before.get("responses"))
        .forEach(
            (status, answer) -> {
              String place = name + " " + status;
              if (answers.containsKey(status)) {
                answer(place, released.resolved(answer), current.resolved(answers.get(status)));
              } else {
                add(place, "was removed");
              }
            });
  }

  /** A further way to authenticate is an addition. */
  private void security(String name, Map<String, Object> before, Map<String, Object> after) {
    List<Object> was = list(before.get("security"));
    List<Object> is = list(after.get("security"));
    if (was.isEmpty() || !is.containsAll(was)) {
      same(name, "security", before, after);
    }
  }

  private void parameters(String name, Map<String, Object> before, Map<String, Object> after) {
    Map<String, Map<String, Object>> old = released.parameters(before);
    Map<String, Map<String, Object>> now = current.parameters(after);
    old.forEach(
        (parameter, was) -> {
          String place = name + " " + parameter;
          Map<String, Object> is = now.get(parameter);
          if (is == null) {
            if (!hasSunset(was)) {
              add(place, "was removed");
            }
            return;
          }
          if (was.containsKey("x-sunset") || is.containsKey("x-sunset")) {
            announcement(place, is, was);
          }
          if (isRequired(is) && !isRequired(was)) {
            add(place, "became required");
          }
          same(place, "style", was, is);
          same(place, "explode", was, is);
          schema(Way.REQUEST, place, was.get("schema"), is.get("schema"));
        });
    now.forEach(
        (parameter, is) -> {
          if (!old.containsKey(parameter) && is.containsKey("x-sunset")) {
            announcement(name + " " + parameter, is, null);
          }
          if (isRequired(is) && !old.containsKey(parameter)) {
            add(name + " " + parameter, "is new and required");
          }
        });
  }

  private void body(String place, Map<String, Object> before, Map<String, Object> after) {
    Map<String, Object> was = released.resolved(before.get("requestBody"));
    Map<String, Object> is = current.resolved(after.get("requestBody"));
    if (isRequired(is) && !isRequired(was)) {
      add(place, "became required");
    }
    content(Way.REQUEST, place, was, is);
  }

  private void answer(String place, Map<String, Object> was, Map<String, Object> is) {
    Map<String, Object> headers = map(is.get("headers"));
    map(was.get("headers"))
        .forEach(
            (name, header) -> {
              String here = place + " header " + name;
              if (!headers.containsKey(name)) {
                add(here, "was removed");
                return;
              }
              Map<String, Object> old = released.resolved(header);
              Map<String, Object> now = current.resolved(headers.get(name));
              if (isRequired(old) && !isRequired(now)) {
                add(here, "may now be missing");
              }
              schema(Way.ANSWER, here, old.get("schema"), now.get("schema"));
            });
    content(Way.ANSWER, place, was, is);
  }

  private void content(Way way, String place, Map<String, Object> was, Map<String, Object> is) {
    Map<String, Object> now = map(is.get("content"));
    map(was.get("content"))
        .forEach(
            (type, medium) -> {
              if (now.containsKey(type)) {
                schema(way, place, map(medium).get("schema"), map(now.get(type)).get("schema"));
              } else {
                add(place, type + " was removed");
              }
            });
  }

  private void schema(Way way, String place, @Nullable Object was, @Nullable Object is) {
    // Schemas are recursive; a pair that is already being compared is skipped.
    if (map(was).get("$ref") != null && !compared.add(way + "" + was + is)) {
      return;
    }
    Map<String, Object> before = released.resolved(was);
    Map<String, Object> after = current.resolved(is);
    types(way, place, before, after);
    values(way, place, before, after);
    same(place, "default", before, after);
    for (String constraint : List.of("format", "pattern", "uniqueItems", "multipleOf")) {
      tightened(way, place, constraint, before.get(constraint), after.get(constraint));
    }
    for (String bound : List.of("minimum", "minLength", "minItems", "exclusiveMinimum")) {
      bound(way, place, bound, before.get(bound), after.get(bound), 1);
    }
    for (String bound : List.of("maximum", "maxLength", "maxItems", "exclusiveMaximum")) {
      bound(way, place, bound, before.get(bound), after.get(bound), -1);
    }
    properties(way, place, before, after);
    if (before.containsKey("items") || after.containsKey("items")) {
      schema(way, place + "[]", before.get("items"), after.get("items"));
    }
    for (String combination : List.of("allOf", "oneOf", "anyOf")) {
      combination(
          way, place, combination, list(before.get(combination)), list(after.get(combination)));
    }
    if (way == Way.REQUEST) {
      tightened(
          way,
          place,
          "dependentRequired",
          before.get("dependentRequired"),
          after.get("dependentRequired"));
    }
  }

  private void types(Way way, String place, Map<String, Object> before, Map<String, Object> after) {
    Set<Object> was = types(before);
    Set<Object> is = types(after);
    boolean kept = way == Way.REQUEST ? is.containsAll(was) : was.containsAll(is);
    if (!kept) {
      add(place, "was " + was + ", is " + is);
    }
  }

  private static Set<Object> types(Map<String, Object> schema) {
    Set<Object> types =
        schema.get("type") instanceof List<?> several
            ? new TreeSet<>(several)
            : new TreeSet<>(
                schema.containsKey("type")
                    ? List.of(Objects.requireNonNull(schema.get("type")))
                    : List.of("array", "boolean", "null", "number", "object", "string"));
    if (types.contains("number")) {
      types.add("integer");
    }
    return types;
  }

  private void values(
      Way way, String place, Map<String, Object> before, Map<String, Object> after) {
    Set<Object> was = values(before);
    Set<Object> is = values(after);
    if (was.isEmpty() && is.isEmpty()) {
      return;
    }
    if (is.isEmpty()) {
      if (way == Way.ANSWER && !isOpen(before)) {
        add(place, "is no longer one of " + was);
      }
    } else if (was.isEmpty()) {
      if (way == Way.REQUEST) {
        add(place, "must now be one of " + is);
      }
    } else {
      if (!is.containsAll(was)) {
        add(place, "lost a value of " + was);
      }
      if (way == Way.ANSWER && !was.containsAll(is) && !isOpen(before)) {
        add(place, "gained a value: " + is);
      }
    }
  }

  private static Set<Object> values(Map<String, Object> schema) {
    Set<Object> values = new LinkedHashSet<>(list(schema.get("enum")));
    if (schema.get("const") != null) {
      values.add(schema.get("const"));
    }
    return values;
  }

  private static boolean isOpen(Map<String, Object> schema) {
    return Boolean.TRUE.equals(schema.get("x-open"));
  }

  /** A request may lose a constraint and an answer may gain one; neither may change one. */
  private void tightened(
      Way way, String place, String name, @Nullable Object was, @Nullable Object is) {
    boolean free = way == Way.REQUEST ? is == null : was == null;
    if (!Objects.equals(was, is) && !free) {
      add(place, name + " was " + was + ", is " + is);
    }
  }

  /**
   * @param inwards 1 if a greater bound accepts fewer values, -1 if a smaller one does
   */
  private void bound(
      Way way, String place, String name, @Nullable Object was, @Nullable Object is, int inwards) {
    int tighter;
    if (Objects.equals(was, is)) {
      return;
    } else if (was == null) {
      tighter = 1;
    } else if (is == null) {
      tighter = -1;
    } else {
      tighter = inwards * new BigDecimal(is.toString()).compareTo(new BigDecimal(was.toString()));
    }
    if (way == Way.REQUEST ? tighter > 0 : tighter < 0) {
      add(place, name + " was " + was + ", is " + is);
    }
  }

  private void properties(
      Way way, String place, Map<String, Object> before, Map<String, Object> after) {
    Map<String, Object> now = map(after.get("properties"));
    map(before.get("properties"))
        .forEach(
            (name, property) -> {
              if (now.containsKey(name)) {
                schema(way, place + "." + name, property, now.get(name));
              } else {
                add(place + "." + name, "was removed");
              }
            });
    Set<Object> was = new TreeSet<>(list(before.get("required")));
    Set<Object> is = new TreeSet<>(list(after.get("required")));
    Set<Object> changed = new TreeSet<>(way == Way.REQUEST ? is : was);
    changed.removeAll(way == Way.REQUEST ? was : is);
    for (Object name : changed) {
      add(place + "." + name, way == Way.REQUEST ? "became required" : "may now be missing");
    }
    Object others = before.get("additionalProperties");
    Object othersNow = after.get("additionalProperties");
    if (others instanceof Map && othersNow instanceof Map) {
      schema(way, place + ".*", others, othersNow);
    } else if (way == Way.REQUEST && !Boolean.FALSE.equals(others)) {
      tightened(way, place, "additionalProperties", others, othersNow);
    }
  }

  private void combination(
      Way way, String place, String name, List<Object> before, List<Object> after) {
    if (before.size() != after.size()) {
      add(place, name + " was of " + before.size() + ", is of " + after.size());
      return;
    }
    for (int i = 0; i < before.size(); i++) {
      schema(way, place + " " + name + " " + i, before.get(i), after.get(i));
    }
  }

  private void same(
      String place, String member, Map<String, Object> before, Map<String, Object> after) {
    if (!Objects.equals(before.get(member), after.get(member))) {
      add(place, member + " was " + before.get(member) + ", is " + after.get(member));
    }
  }

  private static boolean isRequired(Map<String, Object> node) {
    return Boolean.TRUE.equals(node.get("required"));
  }

  private void add(String place, String what) {
    breaks.add(place + ": " + what);
  }
}

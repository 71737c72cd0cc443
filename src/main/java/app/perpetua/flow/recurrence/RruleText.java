package app.perpetua.flow.recurrence;

import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.recurrence.RruleParser.InvalidRule;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Splits the text of a rule into its parts: one line, perhaps folded, of a calendar file (RFC 5545,
 * section 3.1), with or without {@code RRULE:}, in any case, with white space around parts and
 * values. Names what belongs into another field of the request.
 */
final class RruleText {
  private static final String RRULE = "RRULE";

  /** A line break that RFC 5545 inserts into long lines. */
  private static final Pattern FOLD = Pattern.compile("(\r\n|\n|\r)[ \t]");

  private static final Pattern LINES = Pattern.compile("\r\n|\n|\r|\u2028|\u2029|\u0085");
  private static final Pattern PROPERTY =
      Pattern.compile("(?s)([A-Za-z][A-Za-z0-9-]{0,29})\\s*(;[^:]*)?:(.*)");
  private static final Pattern SECOND_RULE = Pattern.compile("(?i)\\bRRULE\\s*[:;]");
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,29}");
  private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9,+-]*");

  private static final Map<String, String> INSTEAD =
      Map.ofEntries(
          Map.entry("DTSTART", "use starts_at and timezone"),
          Map.entry("TZID", "use timezone"),
          Map.entry("DTEND", "use estimated_duration"),
          Map.entry("DURATION", "use estimated_duration"),
          Map.entry("EXDATE", "delete the task of that day"),
          Map.entry("EXRULE", "delete the tasks of those days"),
          Map.entry("RDATE", "create a task for that day"),
          Map.entry("SUMMARY", "use title"),
          Map.entry("DESCRIPTION", "use description"),
          Map.entry("PRIORITY", "use priority"),
          Map.entry("BEGIN", "send only the text after RRULE:"),
          Map.entry("BYHOUR", "use starts_at for the time of day"),
          Map.entry("BYMINUTE", "use starts_at for the time of day"),
          Map.entry("BYSECOND", "use starts_at for the time of day"),
          Map.entry("BYWEEKNO", "use BYMONTH with BYDAY or BYMONTHDAY"),
          Map.entry("BYYEARDAY", "use BYMONTH with BYMONTHDAY"));

  private RruleText() {}

  /** The parts in upper case, in their order; at least one. */
  static Map<String, String> parts(String input) throws InvalidRule {
    List<String> lines =
        LINES
            .splitAsStream(FOLD.matcher(input).replaceAll(""))
            .map(UnicodeText::trim)
            .filter(line -> !line.isEmpty())
            .toList();
    String rule = "";
    for (String line : lines) {
      Matcher property = PROPERTY.matcher(line);
      if (property.matches()) {
        String name = property.group(1).toUpperCase(Locale.ROOT);
        if (!name.equals(RRULE)) {
          throw refused(name);
        }
        if (property.group(2) != null) {
          throw new InvalidRule("must not have parameters between RRULE and the colon");
        }
        rule = property.group(3);
      } else {
        rule = line;
      }
    }
    if (lines.size() > 1 || SECOND_RULE.matcher(rule).find()) {
      throw new InvalidRule("must be one rule, not several: create a template for each");
    }
    return split(rule);
  }

  private static Map<String, String> split(String rule) throws InvalidRule {
    Map<String, String> parts = new LinkedHashMap<>();
    for (String part : rule.split(";", -1)) {
      String trimmed = UnicodeText.trim(part);
      if (trimmed.isEmpty()) {
        continue;
      }
      int equals = trimmed.indexOf('=');
      String name = UnicodeText.trim(equals < 0 ? trimmed : trimmed.substring(0, equals));
      if (!NAME.matcher(name).matches()) {
        throw new InvalidRule("must consist of parts NAME=VALUE, separated by semicolons");
      }
      name = name.toUpperCase(Locale.ROOT);
      if (!RruleParser.SUPPORTED.contains(name)) {
        throw refused(name);
      }
      String value = equals < 0 ? "" : value(trimmed.substring(equals + 1));
      if (value.isEmpty()) {
        throw new InvalidRule("must have a value for " + name + ", such as FREQ=DAILY");
      }
      if (!VALUE.matcher(value).matches()) {
        throw new InvalidRule("has characters in " + name + " that RFC 5545 does not allow");
      }
      if (parts.put(name, value.toUpperCase(Locale.ROOT)) != null) {
        throw new InvalidRule("must not have " + name + " twice");
      }
    }
    if (parts.isEmpty()) {
      throw new InvalidRule("must not be empty");
    }
    return parts;
  }

  /** The value without white space around its items. */
  private static String value(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(UnicodeText::trim)
        .collect(Collectors.joining(","));
  }

  private static InvalidRule refused(String name) {
    String instead = INSTEAD.get(name);
    return new InvalidRule(
        instead != null
            ? "must not have " + name + ": " + instead + " instead"
            : "must not have " + name + ", which is not supported");
  }
}

package app.perpetua.flow.deployment;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds what a PromQL expression selects; {@code promtool} checks its syntax. */
final class PromQl {
  /**
   * A condition on a label.
   *
   * @param operator {@code =}, {@code !=}, {@code =~} or {@code !~}
   */
  record Condition(String label, String operator, String value) {
    boolean accepts(String actual) {
      boolean equal =
          operator.endsWith("~") ? Pattern.matches(value, actual) : value.equals(actual);
      return equal != operator.startsWith("!");
    }
  }

  /** A metric with the conditions on its labels. */
  record Selector(String metric, List<Condition> conditions) {}

  private static final String STRING = "\"((?:[^\"\\\\]|\\\\.)*)\"";
  private static final Pattern CONDITION =
      Pattern.compile("([a-zA-Z_]\\w*)\\s*(=~|!~|!=|=)\\s*" + STRING);

  /** Labels after a keyword, which are no metrics. */
  private static final Pattern LABELS =
      Pattern.compile("\\b(by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)");

  private static final Pattern RANGE = Pattern.compile("\\[[^\\]\"]*\\]");
  private static final Pattern NAME =
      Pattern.compile(
          "(?<!\\w)([a-zA-Z_:][\\w:]*)\\s*(\\(|\\{(?:[^{}\"]|" + STRING + ")*\\})?|" + STRING);

  private static final Set<String> KEYWORDS = Set.of("and", "or", "unless", "bool", "offset");

  private PromQl() {}

  static List<Selector> selectors(String expression) {
    List<Selector> selectors = new ArrayList<>();
    Matcher names = NAME.matcher(withoutRanges(LABELS.matcher(expression).replaceAll(" ")));
    while (names.find()) {
      String name = names.group(1);
      String rest = names.group(2);
      if (name != null && !KEYWORDS.contains(name) && !"(".equals(rest)) {
        selectors.add(new Selector(name, rest == null ? List.of() : conditions(rest)));
      }
    }
    return selectors;
  }

  /** A range may follow a selector only, whose strings may have brackets as well. */
  private static String withoutRanges(String expression) {
    StringBuilder text = new StringBuilder();
    Matcher strings = Pattern.compile(STRING).matcher(expression);
    int end = 0;
    while (strings.find()) {
      text.append(RANGE.matcher(expression.substring(end, strings.start())).replaceAll(" "));
      text.append(strings.group());
      end = strings.end();
    }
    return text + RANGE.matcher(expression.substring(end)).replaceAll(" ");
  }

  private static List<Condition> conditions(String braces) {
    return CONDITION
        .matcher(braces)
        .results()
        .map(found -> new Condition(found.group(1), found.group(2), found.group(3)))
        .toList();
  }
}

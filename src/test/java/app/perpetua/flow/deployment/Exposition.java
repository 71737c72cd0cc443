package app.perpetua.flow.deployment;

import app.perpetua.flow.deployment.PromQl.Condition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The series of a scrape.
 *
 * @param series the labels of each series, by metric
 */
record Exposition(Map<String, List<Map<String, String>>> series) {
  private static final Pattern LINE = Pattern.compile("(?m)^([a-zA-Z_:][\\w:]*)(\\{.*\\})? \\S+$");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  static Exposition parse(String text) {
    Map<String, List<Map<String, String>>> series = new HashMap<>();
    Matcher lines = LINE.matcher(text);
    while (lines.find()) {
      Map<String, String> labels = new HashMap<>();
      if (lines.group(2) != null) {
        LABEL.matcher(lines.group(2)).results().forEach(l -> labels.put(l.group(1), l.group(2)));
      }
      series.computeIfAbsent(lines.group(1), _ -> new ArrayList<>()).add(labels);
    }
    return new Exposition(series);
  }

  boolean has(String metric) {
    return series.containsKey(metric);
  }

  /** Whether a series has all these labels with accepted values. */
  boolean has(String metric, List<Condition> conditions) {
    return series.getOrDefault(metric, List.of()).stream()
        .anyMatch(
            labels ->
                conditions.stream()
                    .allMatch(
                        condition ->
                            labels.containsKey(condition.label())
                                && condition.accepts(labels.get(condition.label()))));
  }
}

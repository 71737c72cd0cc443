package app.perpetua.flow.dev.metrics;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;

/**
 * What a process exported at one time.
 *
 * @param values by series
 */
record Exposition(Map<Series, Double> values) {
  /** Nothing: the process has just started. */
  static final Exposition EMPTY = new Exposition(Map.of());

  /** A metric's name with its labels. */
  record Series(String name, Map<String, String> labels) {
    /** The label's value; empty if the series does not have it. */
    String label(String label) {
      return labels.getOrDefault(label, "");
    }
  }

  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})?[ \\t]+(\\S+)(?:[ \\t]+-?[0-9]+)?");

  private static final Pattern LABEL =
      Pattern.compile("\\s*([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"\\s*(,|$)");

  Exposition {
    values = Map.copyOf(values);
  }

  /**
   * Parses Prometheus's text format, version 0.0.4.
   *
   * @throws IllegalArgumentException if a line is none of that format
   */
  static Exposition parse(String text) {
    Map<Series, Double> values = new HashMap<>();
    text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .forEach(
            line -> {
              Matcher sample = SAMPLE.matcher(line);
              if (!sample.matches()) {
                throw new IllegalArgumentException("no sample: " + line);
              }
              String labels = Objects.requireNonNullElse(sample.group(2), "").strip();
              values.put(
                  new Series(sample.group(1), labels(labels, line)), number(sample.group(3)));
            });
    return new Exposition(values);
  }

  private static Map<String, String> labels(String text, String line) {
    Map<String, String> labels = new LinkedHashMap<>();
    Matcher label = LABEL.matcher(text);
    int end = 0;
    while (end < text.length()) {
      if (!label.find(end) || label.start() != end) {
        throw new IllegalArgumentException("no labels: " + line);
      }
      labels.put(label.group(1), unescaped(label.group(2)));
      end = label.end();
    }
    return Map.copyOf(labels);
  }

  private static String unescaped(String value) {
    return Pattern.compile("\\\\(.)")
        .matcher(value)
        .replaceAll(
            escape ->
                Matcher.quoteReplacement(escape.group(1).equals("n") ? "\n" : escape.group(1)));
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** The values of all series of a metric, in no particular order. */
  DoubleStream of(String name) {
    return values.entrySet().stream()
        .filter(value -> value.getKey().name().equals(name))
        .mapToDouble(Map.Entry::getValue);
  }

  /**
   * How much a counter has increased since an earlier time. A counter that is smaller than before
   * was reset, one that was missing has begun: both count from zero, as in Prometheus.
   */
  double increase(Series counter, Exposition before) {
    double now = values.getOrDefault(counter, 0.0);
    double then = before.values.getOrDefault(counter, 0.0);
    return now < then ? now : now - then;
  }
}

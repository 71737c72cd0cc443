package app.perpetua.flow.observability;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.TraceContext;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Formats each event as a JSON object on one line (FR-065). Everything but printable ASCII is
 * escaped, because some readers treat other characters as line ends. {@link LogFields} parameters
 * and the current trace become members. Thread-safe.
 */
final class JsonFormatter extends Formatter {
  /** Common log collectors split lines over 16 KiB; the sum of both limits is smaller. */
  private static final int MAX_MESSAGE = 2_000;

  private static final int MAX_ERROR = 8_000;

  private final Json json;

  JsonFormatter(Json json) {
    this.json = json;
  }

  @Override
  public String format(LogRecord event) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", event.getInstant());
    line.put("level", level(event.getLevel()));
    line.put("logger", String.valueOf(event.getLoggerName()));
    line.put("message", truncate(String.valueOf(formatMessage(event)), MAX_MESSAGE));
    if (event.getParameters() != null) {
      for (Object parameter : event.getParameters()) {
        if (parameter instanceof LogFields fields) {
          fields.members().forEach((name, value) -> line.putIfAbsent(name, plain(value)));
        }
      }
    }
    TraceContext.current()
        .ifPresent(
            trace -> {
              line.put("trace_id", trace.traceId());
              line.put("span_id", trace.spanId());
            });
    if (event.getThrown() != null) {
      line.put("error", truncate(trace(event.getThrown()), MAX_ERROR));
    }
    return ascii(json.text(line)) + "\n";
  }

  private static String level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "WARNING";
    }
    return level.intValue() >= Level.INFO.intValue() ? "INFO" : "DEBUG";
  }

  private static Object plain(Object value) {
    return value instanceof Number || value instanceof Boolean
        ? value
        : truncate(String.valueOf(value), MAX_MESSAGE);
  }

  private static String trace(Throwable error) {
    StringWriter trace = new StringWriter();
    error.printStackTrace(new PrintWriter(trace));
    return trace.toString().strip();
  }

  /** Removes the middle: a stack trace starts with the exception and ends with its root cause. */
  private static String truncate(String text, int max) {
    if (text.length() <= max) {
      return text;
    }
    int end = max * 2 / 3;
    return text.substring(0, end)
        + " [... "
        + (text.length() - max)
        + " characters ...] "
        + text.substring(text.length() - (max - end));
  }

  /** Replaces unpaired surrogates, which some readers reject. */
  private static String ascii(String text) {
    StringBuilder ascii = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
        .forEach(
            c -> {
              if (c < 0x7f) {
                ascii.append((char) c);
              } else {
                for (char unit : Character.toChars(c)) {
                  ascii.append(String.format("\\u%04x", (int) unit));
                }
              }
            });
    return ascii.toString();
  }
}

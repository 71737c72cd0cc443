package app.perpetua.flow.observability;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.TraceContext;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
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

  @Override
  public String format(LogRecord event) {
    Line line = new Line();
    line.text("time", Json.instant(event.getInstant()));
    line.text("level", level(event.getLevel()));
    line.text("logger", String.valueOf(event.getLoggerName()));
    line.text("message", truncate(String.valueOf(formatMessage(event)), MAX_MESSAGE));
    if (event.getParameters() != null) {
      for (Object parameter : event.getParameters()) {
        switch (parameter) {
          case LogFields fields -> fields.forEach(line::value);
          case AccessLog.Entry request -> request.fields().forEach(line::value);
          case null, default -> {}
        }
      }
    }
    TraceContext.current()
        .ifPresent(
            trace -> {
              line.text("trace_id", trace.traceId());
              line.text("span_id", trace.spanId());
            });
    if (event.getThrown() != null) {
      line.text("error", truncate(trace(event.getThrown()), MAX_ERROR));
    }
    return line.end();
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

  /** The members written so far; the first of a name counts. Unpaired surrogates are replaced. */
  private static final class Line {
    private static final char REPLACEMENT = '\ufffd';
    private static final HexFormat HEX = HexFormat.of();

    private final StringBuilder json = new StringBuilder(512).append('{');
    private final List<String> names = new ArrayList<>(16);

    void value(String name, Object value) {
      boolean bare =
          value instanceof Boolean
              || (value instanceof Number number && Double.isFinite(number.doubleValue()));
      if (!bare) {
        text(name, truncate(String.valueOf(value), MAX_MESSAGE));
      } else if (begins(name)) {
        json.append(value);
      }
    }

    void text(String name, String value) {
      if (begins(name)) {
        quoted(value);
      }
    }

    private boolean begins(String name) {
      if (names.contains(name)) {
        return false;
      }
      if (!names.isEmpty()) {
        json.append(',');
      }
      names.add(name);
      quoted(name);
      json.append(':');
      return true;
    }

    private void quoted(String text) {
      json.append('"');
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c == '"' || c == '\\') {
          json.append('\\').append(c);
        } else if (c >= ' ' && c < 0x7f) {
          json.append(c);
        } else if (c == '\n') {
          json.append("\\n");
        } else if (c == '\t') {
          json.append("\\t");
        } else {
          escaped(isUnpaired(text, i) ? REPLACEMENT : c);
        }
      }
      json.append('"');
    }

    private void escaped(char c) {
      json.append("\\u").append(HEX.toHexDigits(c));
    }

    private static boolean isUnpaired(String text, int at) {
      char c = text.charAt(at);
      if (Character.isHighSurrogate(c)) {
        return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
      }
      return Character.isLowSurrogate(c)
          && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    String end() {
      return json.append("}\n").toString();
    }
  }
}

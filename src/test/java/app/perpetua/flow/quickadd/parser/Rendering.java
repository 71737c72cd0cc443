package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.recurrence.Anchor;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The notation of phrases.tsv. */
final class Rendering {
  private Rendering() {}

  /** Title, spans and values, separated by tabs; a dash for none. */
  static String line(QuickText read, ZoneId zone) {
    return String.join("\t", orDash(read.title()), spans(read), values(read, zone));
  }

  private static String spans(QuickText read) {
    return orDash(
        read.spans().stream()
            .map(span -> span.kind().wireName() + ":" + span.text())
            .collect(Collectors.joining(" | ")));
  }

  private static String values(QuickText read, ZoneId zone) {
    List<String> values = new ArrayList<>();
    if (read.list() != null) {
      values.add("list=" + read.list());
    }
    if (!read.labels().isEmpty()) {
      values.add("labels=" + String.join(",", read.labels()));
    }
    if (read.priority() != null) {
      values.add("priority=" + read.priority().wireName());
    }
    switch (read.due()) {
      case Due.On(var date) -> values.add("due=" + date);
      case Due.At(var instant) -> values.add("due=" + instant.atZone(zone).toOffsetDateTime());
      case null -> {
        // Nothing to show.
      }
    }
    if (read.startOn() != null) {
      values.add("start=" + read.startOn());
    }
    if (read.repeat() != null) {
      Repeat repeat = read.repeat();
      values.add("rrule=" + repeat.rrule());
      values.add("from=" + repeat.start() + (repeat.time() == null ? "" : "T" + repeat.time()));
      if (repeat.anchor() == Anchor.COMPLETION) {
        values.add("anchor=completion");
      }
    }
    if (!read.reminders().isEmpty()) {
      values.add(
          "remind="
              + read.reminders().stream().map(Object::toString).collect(Collectors.joining(",")));
    }
    return orDash(String.join(" ", values));
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }
}

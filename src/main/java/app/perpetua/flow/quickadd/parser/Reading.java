package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.quickadd.parser.Candidate.Meaning;
import app.perpetua.flow.tasks.Priority;
import java.text.Normalizer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what of a text counts, where it has several of a kind (docs/decisions/quick-add.md). Used
 * once, by one thread.
 */
final class Reading {
  private static final int MAX_LABELS = 10;
  private static final int MAX_REMINDERS = 5;

  /**
   * A part that counts, in UTF-16 units.
   *
   * @param end the unit after it
   */
  private record Part(int begin, int end, Span.Kind kind, String value) {}

  private final String text;
  private final Instant now;
  private final ZoneId zone;
  private final LocalDate today;
  private final List<Marker> markers;
  private final List<Candidate> candidates;
  private final List<Part> parts = new ArrayList<>();

  private @Nullable String list;
  private final List<String> labels = new ArrayList<>();
  private @Nullable Priority priority;
  private @Nullable Due due;
  private @Nullable LocalDate startOn;
  private @Nullable Repeat repeat;
  private final List<RemindAt> reminders = new ArrayList<>();

  Reading(String text, CandidateReader reader, Instant now, ZoneId zone) {
    this.text = text;
    this.now = now;
    this.zone = zone;
    this.today = now.atZone(zone).toLocalDate();
    this.markers = reader.markers();
    this.candidates = reader.candidates();
  }

  QuickText read(Predicate<String> isList) {
    readRepeat();
    if (repeat == null) {
      readDue();
      readStart();
    }
    Set<String> folded = new HashSet<>();
    for (Marker marker : markers.reversed()) {
      single(marker, isList);
    }
    for (Marker marker : markers) {
      several(marker, folded);
    }
    parts.sort(Comparator.comparingInt(Part::begin));
    return result();
  }

  private QuickText result() {
    TitleText title = new TitleText(text);
    List<Span> spans = new ArrayList<>();
    int codePoints = 0;
    int units = 0;
    for (Part part : parts) {
      title.remove(part.begin, part.end, part.kind != Span.Kind.ESCAPE);
      codePoints += text.codePointCount(units, part.begin);
      int start = codePoints;
      codePoints += text.codePointCount(part.begin, part.end);
      units = part.end;
      spans.add(
          new Span(start, codePoints, part.kind, text.substring(part.begin, part.end), part.value));
    }
    return new QuickText(
        title.rest(),
        List.copyOf(spans),
        list,
        List.copyOf(labels),
        priority,
        due,
        startOn,
        repeat,
        List.copyOf(reminders));
  }

  private void readRepeat() {
    for (Candidate candidate : candidates.reversed()) {
      if (candidate.meaning() instanceof Meaning.Repeats(RepeatPattern pattern)) {
        Candidate time = pattern.time() == null ? last(Meaning.AtTime.class) : null;
        Candidate start = pattern.start() == null ? last(Meaning.Starts.class) : null;
        Repeat resolved =
            pattern
                .withTime(
                    time != null && time.meaning() instanceof Meaning.AtTime(TimeOfDay at)
                        ? at.time()
                        : null)
                .withStart(
                    start != null && start.meaning() instanceof Meaning.Starts(LocalDate day)
                        ? day
                        : null)
                .resolve(now, zone);
        if (resolved != null) {
          repeat = resolved;
          due = due(resolved.start(), resolved.time());
          add(candidate, Span.Kind.RECURRENCE, resolved.rrule());
          add(time, Span.Kind.RECURRENCE, resolved.rrule());
          add(start, Span.Kind.RECURRENCE, resolved.rrule());
          return;
        }
      }
    }
  }

  private @Nullable Candidate last(Class<? extends Meaning> meaning) {
    return candidates.reversed().stream()
        .filter(candidate -> meaning.isInstance(candidate.meaning()))
        .findFirst()
        .orElse(null);
  }

  private void add(@Nullable Candidate candidate, Span.Kind kind, String value) {
    if (candidate != null) {
      parts.add(new Part(candidate.begin(), endOf(candidate), kind, value));
    }
  }

  /** A comma or colon after a date at the begin of the text belongs to the date. */
  private int endOf(Candidate candidate) {
    int end = candidate.end();
    boolean first = UnicodeText.trim(text.substring(0, candidate.begin())).isEmpty();
    return first && end < text.length() && ",:".indexOf(text.charAt(end)) >= 0 ? end + 1 : end;
  }

  /** Of several dates, the last with a time counts, else the last. */
  private void readDue() {
    Candidate chosen =
        candidates.reversed().stream()
            .filter(Reading::hasDayAndTime)
            .findFirst()
            .orElseGet(() -> last(Meaning.OnDay.class));
    Candidate time = last(Meaning.AtTime.class);
    Due read =
        switch (chosen == null ? null : chosen.meaning()) {
          case Meaning.After(Instant instant) -> new Due.At(instant);
          case Meaning.OnDay(LocalDate day, TimeOfDay own) when own != null -> due(day, own);
          case Meaning.OnDay(LocalDate day, TimeOfDay none) -> due(day, timeOf(time));
          case null, default -> timeOf(time) == null ? null : due(null, timeOf(time));
        };
    if (read == null) {
      return;
    }
    due = read;
    add(chosen, Span.Kind.DUE, read.toString());
    if (chosen == null || !hasDayAndTime(chosen)) {
      add(time, Span.Kind.DUE, read.toString());
    }
  }

  private static boolean hasDayAndTime(Candidate candidate) {
    return candidate.meaning() instanceof Meaning.After
        || (candidate.meaning() instanceof Meaning.OnDay(LocalDate day, TimeOfDay time)
            && time != null);
  }

  private static @Nullable TimeOfDay timeOf(@Nullable Candidate candidate) {
    return candidate != null && candidate.meaning() instanceof Meaning.AtTime(TimeOfDay time)
        ? time
        : null;
  }

  private Due due(@Nullable LocalDate day, @Nullable TimeOfDay time) {
    LocalDate date = day == null ? today : day;
    if (time == null) {
      return due(date, (LocalTime) null);
    }
    boolean passed = date.equals(today) && !at(date, time.time()).isAfter(now);
    if (passed && time.part() && day != null) {
      return due(date, (LocalTime) null);
    }
    // Midnight of today is the one to come.
    boolean moved = passed && (day == null || time.time().equals(LocalTime.MIDNIGHT));
    return due(moved ? date.plusDays(1) : date, time.time());
  }

  private Due due(LocalDate date, @Nullable LocalTime time) {
    return time == null ? new Due.On(existing(date)) : new Due.At(at(date, time));
  }

  /** In a gap of the local time it is later by the gap; of two equal local times the first. */
  private Instant at(LocalDate date, LocalTime time) {
    return ZonedDateTime.of(date, time, zone).toInstant();
  }

  /** The day itself, or the one after it where the zone skips it. */
  private LocalDate existing(LocalDate date) {
    return date.atStartOfDay(zone).toLocalDate();
  }

  private void readStart() {
    Candidate start = last(Meaning.Starts.class);
    if (start != null && start.meaning() instanceof Meaning.Starts(LocalDate day)) {
      startOn = existing(day);
      add(start, Span.Kind.START, startOn.toString());
    }
  }

  private void add(Marker marker, Span.Kind kind, String value) {
    parts.add(new Part(marker.begin(), marker.end(), kind, value));
  }

  /** Of several lists or priorities, the last counts. */
  private void single(Marker marker, Predicate<String> isList) {
    switch (marker.meaning()) {
      case Marker.Meaning.ToList(String name) when list == null && isList.test(name) -> {
        list = name;
        add(marker, Span.Kind.LIST, name);
      }
      case Marker.Meaning.WithPriority(String name, Priority named) when priority == null -> {
        priority = named;
        add(marker, Span.Kind.PRIORITY, named.wireName());
      }
      case Marker.Meaning.Escape() -> add(marker, Span.Kind.ESCAPE, "");
      default -> {
        // It stays in the title, or several() has it.
      }
    }
  }

  private void several(Marker marker, Set<String> folded) {
    switch (marker.meaning()) {
      case Marker.Meaning.Label(String name) -> label(marker, name, folded);
      case Marker.Meaning.Reminder(RemindAt at) when due != null -> reminder(marker, at);
      default -> {
        // Read before, or left in the title.
      }
    }
  }

  private void label(Marker marker, String name, Set<String> folded) {
    String key = folded(name);
    if (!folded.contains(key)) {
      if (labels.size() == MAX_LABELS) {
        return;
      }
      folded.add(key);
      labels.add(name);
    }
    add(marker, Span.Kind.LABEL, name);
  }

  /** As search.folded in the database does for all but rare characters, which it then decides. */
  private static String folded(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFKC)
        .toLowerCase(Locale.ROOT)
        .toUpperCase(Locale.ROOT);
  }

  private void reminder(Marker marker, RemindAt at) {
    if (!reminders.contains(at)) {
      if (reminders.size() == MAX_REMINDERS) {
        return;
      }
      reminders.add(at);
    }
    add(marker, Span.Kind.REMINDER, at.toString());
  }
}

package app.perpetua.flow.imports.readers;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A task or note of another program while its file is read. Public to its readers only; not
 * thread-safe.
 */
final class SourceItem {
  /** An item of a check list. */
  record Check(String title, boolean done) {}

  static final String NO_PRIORITY = "low";

  final @Nullable Integer line;
  final String id;
  final String title;
  @Nullable String parent;
  String text = "";

  /** Null for the inbox, or, of a child, the list of its parent. */
  Filing.@Nullable Named list;

  final Set<Filing.Named> labels = new LinkedHashSet<>();

  /** Where it is in the list, such as its section; the same for most of its children. */
  List<String> place = List.of();

  /** What there is no column for, one line each. */
  final List<String> extras = new ArrayList<>();

  String priority = NO_PRIORITY;

  /** At the end of the day, in whole minutes, if that has no time. */
  @Nullable Instant due;

  /** The day, if it has no time. */
  @Nullable LocalDate dueOn;

  @Nullable Integer minutes;
  boolean note;
  boolean completed;
  boolean archived;
  @Nullable Instant completedAt;
  @Nullable Instant createdAt;
  final List<Entry.Alarm> reminders = new ArrayList<>();
  final List<Check> checks = new ArrayList<>();
  @Nullable String rrule;

  /** Whether {@link #rrule} counts from completions. */
  boolean afterCompletion;

  ZoneId zone;

  /** Why it is imported differently, as sentences. */
  final List<String> reasons = new ArrayList<>();

  /** Why it is left; null if it is not. */
  @Nullable String left;

  SourceItem(@Nullable Integer line, String id, String title, ZoneId zone) {
    this.line = line;
    this.id = Texts.id(id);
    this.title = Texts.title(Texts.storable(title));
    this.zone = zone;
  }

  /** Sets when it is due, in its time zone; false if the text is not a date that is certain. */
  boolean dueAt(String text) {
    due = SourceDates.parse(text, zone);
    dueOn = due == null ? null : SourceDates.day(text);
    return due != null;
  }

  /** Whether a subtask can hold all of it. */
  boolean isPlain() {
    return !note
        && !archived
        && left == null
        && text.isBlank()
        && extras.isEmpty()
        && priority.equals(NO_PRIORITY)
        && due == null
        && minutes == null
        && reminders.isEmpty()
        && checks.isEmpty()
        && labels.isEmpty()
        && rrule == null
        && reasons.isEmpty()
        && Texts.fits(title, Texts.TITLE);
  }

  /** Keeps a value that has no column of its own, as a line of the description. */
  void keep(String name, @Nullable String value, String reason) {
    if (value != null && !value.isBlank()) {
      extras.add(name + ": " + value.strip());
      if (!reasons.contains(reason)) {
        reasons.add(reason);
      }
    }
  }
}

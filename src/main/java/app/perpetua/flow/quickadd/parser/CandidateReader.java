package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.quickadd.parser.Candidate.Meaning;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds all dates, times and recurrences of a text. Used once, by one thread. */
final class CandidateReader {
  private final String text;
  private final Vocabulary vocabulary;
  private final Instant now;
  private final LocalDate today;
  private final List<Token> tokens;
  private final List<Marker> markers;

  CandidateReader(String text, Vocabulary vocabulary, Instant now, ZoneId zone) {
    TextScanner scanner = new TextScanner(text, vocabulary);
    this.text = text;
    this.vocabulary = vocabulary;
    this.now = now;
    this.today = now.atZone(zone).toLocalDate();
    this.tokens = scanner.tokens();
    this.markers = scanner.markers();
  }

  /** The text's markers, in its order. */
  List<Marker> markers() {
    return markers;
  }

  /** Those that count, in the order of the text; they do not overlap. */
  List<Candidate> candidates() {
    List<Candidate> found = new ArrayList<>();
    for (int i = 0; i < tokens.size(); ) {
      Candidate candidate = at(i);
      if (candidate != null && !isBlocked(i, candidate)) {
        found.add(candidate);
      }
      i = candidate == null ? i + 1 : candidate.next();
    }
    return supported(found);
  }

  private @Nullable Candidate at(int i) {
    Candidate repeats = repeats(i);
    Candidate starts = repeats == null ? starts(i) : repeats;
    return starts == null ? moment(i) : starts;
  }

  /** Whether the word before a date or time says that the task is not due then. */
  private boolean isBlocked(int i, Candidate candidate) {
    return i > 0
        && tokens.get(i).gap() == Token.Gap.SPACE
        && !(candidate.meaning() instanceof Meaning.Repeats)
        && vocabulary.single(tokens.get(i - 1).word(), Word.NOT_DUE) != null;
  }

  /** Removes weak candidates after which something else follows. */
  private List<Candidate> supported(List<Candidate> found) {
    boolean[] ignored = new boolean[text.length()];
    for (int i = 0; i < ignored.length; i++) {
      char c = text.charAt(i);
      ignored[i] = UnicodeText.isWhiteSpace(c) || TextScanner.isClosing(c);
    }
    markers.forEach(marker -> Arrays.fill(ignored, marker.begin(), marker.end(), true));
    List<Candidate> supported = new ArrayList<>();
    int last = text.length();
    for (Candidate candidate : found.reversed()) {
      while (last > 0 && ignored[last - 1]) {
        last--;
      }
      if (!candidate.weak() || last <= candidate.end()) {
        supported.addFirst(candidate);
        Arrays.fill(ignored, candidate.begin(), candidate.end(), true);
      }
    }
    return supported;
  }

  private Candidate candidate(int first, Cursor cursor, Meaning meaning, boolean weak) {
    return new Candidate(
        tokens.get(first).begin(), tokens.get(cursor.at() - 1).end(), cursor.at(), meaning, weak);
  }

  private @Nullable Candidate repeats(int i) {
    Cursor cursor = new Cursor(tokens, vocabulary, i);
    RepeatGrammar.Read read = new RepeatGrammar(cursor, today).read();
    return read == null
        ? null
        : candidate(i, cursor, new Meaning.Repeats(read.pattern()), read.weak());
  }

  private @Nullable Candidate starts(int i) {
    Cursor cursor = new Cursor(tokens, vocabulary, i);
    if (!cursor.skip(Word.STARTING)) {
      return null;
    }
    if (!cursor.skip(Word.FROM)) {
      cursor.skip(Word.ON);
    }
    Day day = new DayGrammar(cursor, today).read(true);
    return day == null ? null : candidate(i, cursor, new Meaning.Starts(day.date()), false);
  }

  private @Nullable Candidate moment(int i) {
    Cursor cursor = new Cursor(tokens, vocabulary, i);
    DayGrammar days = new DayGrammar(cursor, today);
    Candidate after = after(i, cursor);
    if (after != null) {
      return after;
    }
    cursor.reset(i);
    boolean on = cursor.skip(Word.ON);
    boolean introduced = on || cursor.skip(Word.FOR);
    int mark = cursor.at();
    Day day = days.read(introduced);
    if (day != null) {
      return dayFirst(i, cursor, day, on);
    }
    cursor.reset(mark);
    TimeOfDay time = TimeOfDay.read(cursor, null);
    return time == null ? null : timeFirst(i, cursor, days, time, introduced, on);
  }

  private @Nullable Candidate after(int i, Cursor cursor) {
    if (!cursor.skip(Word.IN)) {
      return null;
    }
    Vocabulary.Term article = cursor.accept(Word.ARTICLE);
    Integer count = article == null ? cursor.number() : Integer.valueOf(article.value());
    Vocabulary.Term unit = count == null ? null : cursor.accept(Word.UNIT);
    if (count == null || unit == null || !unit.unit().isOfTime()) {
      return null;
    }
    Instant instant = now.plus(count, unit.unit().chrono()).truncatedTo(ChronoUnit.MINUTES);
    return candidate(i, cursor, new Meaning.After(instant), article != null);
  }

  private Candidate dayFirst(int i, Cursor cursor, Day day, boolean on) {
    int mark = cursor.at();
    cursor.skipComma();
    TimeOfDay time = TimeOfDay.read(cursor, day.part());
    if (cursor.at() == mark || time == null) {
      cursor.reset(mark);
      time = day.part();
    }
    boolean weak =
        time == null
            && switch (day.strength()) {
              case SURE -> false;
              case WEAK -> !on;
              case WEAKER -> true;
            };
    return candidate(i, cursor, new Meaning.OnDay(day.date(), time), weak);
  }

  private @Nullable Candidate timeFirst(
      int i, Cursor cursor, DayGrammar days, TimeOfDay time, boolean introduced, boolean on) {
    int mark = cursor.at();
    Day day = days.read(cursor.skip(Word.ON));
    if (day != null) {
      return candidate(i, cursor, new Meaning.OnDay(day.date(), time), false);
    }
    cursor.reset(mark);
    boolean alone = time.strength() != TimeOfDay.Strength.ATTACHED || on;
    return !alone || (introduced && !on)
        ? null
        : candidate(
            i, cursor, new Meaning.AtTime(time), time.strength() != TimeOfDay.Strength.SURE && !on);
  }
}

package app.perpetua.flow.quickadd.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.parsing.UnicodeText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Quick add's parser, without a database. */
class QuickParserTest {
  private static final Instant NOW = Instant.parse("2026-12-01T09:00:00Z");
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private final QuickParser parser = new QuickParser();

  private QuickText read(String text) {
    return parser.parse(text, NOW, BERLIN, name -> true);
  }

  @Test
  void FR_205_every_phrase_of_the_table_has_its_spans_and_values() throws IOException {
    List<String> wrong = new ArrayList<>();
    int phrases = 0;
    ZoneId zone = BERLIN;
    Instant now = NOW;
    for (String line : table()) {
      if (line.startsWith("@@ ")) {
        String[] place = line.split(" ", -1);
        zone = ZoneId.of(place[1]);
        now = LocalDateTime.parse(place[2]).atZone(zone).toInstant();
      } else if (!line.isBlank() && !line.startsWith("//")) {
        String text = line.substring(0, line.indexOf('\t'));
        QuickText read = parser.parse(text, now, zone, name -> !name.equals("nolist"));
        String actual = text + "\t" + Rendering.line(read, zone);
        if (!actual.equals(line)) {
          wrong.add("expected " + line + "\n but was " + actual);
        }
        phrases++;
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(phrases >= 300, "only " + phrases);
  }

  private static List<String> table() throws IOException {
    try (var lines =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    QuickParserTest.class.getResourceAsStream("/quickadd/phrases.tsv")),
                StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    }
  }

  @Test
  void FR_205_spans_count_code_points() {
    Span span = read("🎉🎉 tomorrow 🎉").spans().getFirst();
    assertEquals(3, span.start());
    assertEquals(11, span.end());
  }

  @Test
  void FR_205_a_name_has_at_most_100_code_points() {
    String longest = "🎉".repeat(99) + "a";
    assertEquals(longest, read("a #" + longest).list());
    String longer = "a #" + longest + "b";
    assertEquals(longer, read(longer).title());
  }

  @Test
  void FR_205_a_vocabulary_is_a_file_named_as_its_language() {
    assertThrows(IllegalStateException.class, () -> Vocabulary.load("xx"));
    assertFalse(Vocabulary.load("en").all().isEmpty());
  }

  @Test
  void FR_206_no_random_text_loses_a_character() {
    Random random = new Random(205);
    List<String> pieces = pieces();
    for (int i = 0; i < 100_000; i++) {
      String text = text(random, pieces);
      QuickText read = parser.parse(text, NOW, BERLIN, name -> name.hashCode() % 3 != 0);
      checkNothingLost(text, read);
      assertTrue(read.labels().size() <= 10 && read.reminders().size() <= 5, text);
      assertTrue(read.reminders().isEmpty() || read.due() != null, text);
    }
  }

  private static List<String> pieces() {
    List<String> pieces = new ArrayList<>(Vocabulary.load("en").all());
    pieces.addAll(
        List.of(
            "#home",
            "@bills",
            "#\"two words\"",
            "@\"",
            "#",
            "@",
            "!1d",
            "!9am",
            "!",
            "\\",
            "\"",
            "p1",
            "p4",
            "P2",
            "1",
            "2",
            "5",
            "31",
            "1st",
            "22nd",
            "9am",
            "9:30",
            "14:00",
            "12",
            "2027",
            "2026-12-05",
            "1000-01-01",
            "2999-12-31",
            "9999-12-31",
            "0000-01-01",
            "0",
            "999",
            "1,000",
            "every! ",
            "Tom",
            "May",
            "5.",
            "(",
            ")",
            "🎉",
            "日本",
            "ﬁ",
            "İ",
            "ß",
            "\u200d",
            "\ud800",
            "\u00a0",
            "\n",
            "\t",
            "  ",
            "e\u0301"));
    return pieces;
  }

  private static String text(Random random, List<String> pieces) {
    StringBuilder text = new StringBuilder();
    int count = 1 + random.nextInt(12);
    for (int i = 0; i < count; i++) {
      text.append(pieces.get(random.nextInt(pieces.size())));
      switch (random.nextInt(8)) {
        case 0 -> text.append(random.nextBoolean() ? ", " : ",");
        case 1 -> text.append("  ");
        case 2 -> text.appendCodePoint(random.nextInt(0x2_0000));
        default -> text.append(' ');
      }
    }
    return text.toString();
  }

  /** Between the spans everything but white space at the ends is in the title, in order. */
  private static void checkNothingLost(String text, QuickText read) {
    int[] codePoints = text.codePoints().toArray();
    int at = 0;
    int inTitle = 0;
    StringBuilder rest = new StringBuilder();
    for (int i = 0; i <= read.spans().size(); i++) {
      Span span = i < read.spans().size() ? read.spans().get(i) : null;
      int end = span == null ? codePoints.length : span.start();
      assertTrue(at <= end, text);
      String kept = UnicodeText.trim(new String(codePoints, at, end - at));
      int found = read.title().indexOf(kept, inTitle);
      assertTrue(found >= 0, text);
      inTitle = found + kept.length();
      rest.append(kept);
      if (span != null) {
        assertTrue(span.start() < span.end(), text);
        assertEquals(
            span.text(), new String(codePoints, span.start(), span.end() - span.start()), text);
        at = span.end();
      }
    }
    assertEquals(withoutSpace(rest.toString()), withoutSpace(read.title()), text);
  }

  private static String withoutSpace(String text) {
    return text.codePoints()
        .filter(c -> !UnicodeText.isWhiteSpace(c))
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  @Test
  void FR_206_a_text_without_anything_to_understand_is_its_title() {
    String text = "a  b\tc \"tomorrow\" \u00a0 d";
    QuickText read = read("  " + text + "\n");
    assertEquals(text, read.title());
    assertEquals(List.of(), read.spans());
  }

  @Test
  void FR_206_the_longest_text_is_read_within_two_milliseconds() {
    String text =
        "every 2nd and 4th mon at 9am starting jan 5 2027 for 10 times #home @bills p1 !1d "
            .repeat(7)
            .substring(0, 500);
    long[] nanos =
        IntStream.range(0, 400)
            .mapToLong(
                run -> {
                  long begin = System.nanoTime();
                  assertNotNull(read(text).repeat());
                  return System.nanoTime() - begin;
                })
            .toArray();
    Arrays.sort(nanos);
    assertTrue(nanos[nanos.length / 2] < 2_000_000, "median " + nanos[nanos.length / 2] + " ns");
  }
}

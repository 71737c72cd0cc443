package app.perpetua.flow.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HighlightsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  /** Letters whose folded form has another length, marks, removed characters, pictures. */
  private static final List<String> PIECES =
      List.of(
          "a",
          "S",
          "s",
          " ",
          "\n",
          "-",
          "ß",
          "ẞ",
          "İ",
          "ı",
          "i",
          "I",
          "ﬁ",
          "ﬀ",
          "ﬃ",
          "Σ",
          "ς",
          "σ",
          "e",
          "\u0301",
          "é",
          "\u0307",
          "\u0308",
          "\u200b",
          "\u00ad",
          "\u200d",
          "\ufe0f",
          "Å",
          "㎏",
          "①",
          "½",
          "％",
          "日",
          "本",
          "ガ",
          "\uff76\uff9e",
          "\uff9e",
          "한",
          "\u1112",
          "\u1161",
          "\u11ab",
          "👩\u200d🚀",
          "👩",
          "🎉",
          "👍🏽",
          "🇩🇪",
          "𝔸",
          "ŉ",
          "ΰ",
          "ǆ",
          "և",
          "\u0e33",
          "¨");

  private final Random random = new Random(215);

  @ParameterizedTest
  @CsvSource({
    "die Straße, STRASSE, Straße",
    "die Straße, sse, ße",
    "eine Maß, s, ß",
    "\u0130stanbul, istanbul, \u0130stanbul",
    "nach \u0130stanbul, stan, stan",
    "ﬁnal oﬀer, FINAL, ﬁnal",
    "ﬁnal oﬀer, f, ﬁ|ﬀ",
    "cafe\u0301 noir, café, cafe\u0301",
    "café noir, fe\u0301, fé",
    "Z\u030cizek, \u017dizek, Z\u030cizek",
    "买牛奶, 牛奶, 牛奶",
    "\uff76\uff9e\uff97\uff7d戸, ガラス, \uff76\uff9e\uff97\uff7d",
    "\u1112\u1161\u11ab국어, 한국, \u1112\u1161\u11ab국",
    "go 👩\u200d🚀 go, 👩, 👩\u200d🚀",
    "🎉🎉 party 🎉, 🎉, 🎉🎉|🎉",
    "foo\u00adbar, oob, oo\u00adb",
    "e\u200b\u0301t, ét, e\u200b\u0301t",
    "x²+y³, X2, x²",
    "banana, ana, ana",
    "aaaa, aa, aaaa",
    "12% of a_b, %, %"
  })
  void FR_217_a_highlight_covers_what_the_word_matches(String text, String word, String marked) {
    List<String> pieces = pieces(text, new Highlights(List.of(word)).in(text));
    assertEquals(List.of(marked.split("\\|")), pieces);
  }

  @Test
  void FR_217_words_that_overlap_or_touch_have_one_highlight() {
    assertEquals(
        List.of(new Span(0, 7), new Span(9, 12)),
        new Highlights(List.of("land", "dlo", "r", "tap")).in("landlord tap"));
  }

  /**
   * The database decides what matches; a highlight is right if the database finds the word in it.
   */
  @Test
  void FR_217_the_database_finds_each_word_in_its_highlight() {
    List<String> texts = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      String text = text(1 + random.nextInt(12));
      int[] points = text.codePoints().toArray();
      int start = random.nextInt(points.length);
      int length = 1 + random.nextInt(Math.min(4, points.length - start));
      texts.add(text);
      words.add(new String(points, start, length));
    }
    List<Map<String, Object>> forms =
        database.rows(
            """
            select search.folded(t.text) as text, search.folded(t.word) as word
            from unnest(?::text[], ?::text[]) with ordinality as t (text, word, n)
            order by n
            """,
            texts.toArray(String[]::new),
            words.toArray(String[]::new));
    int marked = 0;
    for (int i = 0; i < texts.size(); i++) {
      String shown = texts.get(i) + " / " + words.get(i);
      String form = String.valueOf(forms.get(i).get("text"));
      String word = String.valueOf(forms.get(i).get("word"));
      assertEquals(form, FoldedText.fold(texts.get(i)), shown);
      assertEquals(form, FoldedText.of(texts.get(i)).toString(), shown);
      List<Span> spans = new Highlights(List.of(words.get(i))).in(texts.get(i));
      assertEquals(!word.isEmpty() && form.contains(word), !spans.isEmpty(), shown);
      for (String piece : pieces(texts.get(i), spans)) {
        assertTrue(FoldedText.fold(piece).contains(word), () -> shown + ": " + piece);
        marked++;
      }
      int end = -1;
      for (Span span : spans) {
        assertTrue(span.start() > end && span.end() > span.start(), shown);
        end = span.end();
      }
    }
    assertTrue(marked > 1_000, "marked: " + marked);
  }

  @Test
  void FR_217_snippets_show_words_that_the_title_does_not_have() {
    String text =
        "start " + "filler ".repeat(100) + "the kettle " + "more ".repeat(100) + "Tap end";
    Highlights highlights = new Highlights(List.of("title", "kettle", "tap", "start"));
    List<Snippet> snippets = highlights.snippets("A title to start", text);
    assertEquals(2, snippets.size());
    assertEquals(List.of("kettle"), marked(snippets.get(0)));
    assertEquals(List.of("Tap"), marked(snippets.get(1)));
    for (Snippet snippet : snippets) {
      assertTrue(text.contains(snippet.text()));
      assertTrue(snippet.text().length() <= 160);
    }
    assertEquals(List.of(), new Highlights(List.of("title")).snippets("A title", "no title"));
    Snippet whole = new Highlights(List.of("b")).snippets("", "🎉 a b").getFirst();
    assertEquals(new Snippet("🎉 a b", List.of(new Span(4, 5))), whole);
  }

  private static List<String> marked(Snippet snippet) {
    return pieces(snippet.text(), snippet.highlights());
  }

  private String text(int pieces) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pieces; i++) {
      text.append(PIECES.get(random.nextInt(PIECES.size())));
    }
    return text.toString();
  }

  private static List<String> pieces(String text, List<Span> spans) {
    int[] points = text.codePoints().toArray();
    return spans.stream()
        .map(span -> new String(points, span.start(), span.end() - span.start()))
        .toList();
  }
}

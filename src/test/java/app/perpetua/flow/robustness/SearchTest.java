package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The search parameter {@code q} of tasks and notes. */
class SearchTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final String NOTES = "/api/v1/notes";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final Api api = service.newUser().api();

  @ParameterizedTest
  @ValueSource(strings = {TASKS, NOTES})
  void more_than_eight_words_are_rejected(String list) {
    Api.Answer refused = search(list, "a b c d e f g h i").expect(400, "VALIDATION_ERROR");
    JsonNode fault = refused.json().at("/error/details/0");
    assertEquals("q", fault.get("field").stringValue());
    assertEquals("must have at most 8 different words", fault.get("message").stringValue());
    search(list, "a b c d e f g h").expect(200);
    // Reported together with the other errors.
    Api.Answer both =
        api.invalidOnPurpose()
            .get(list + "?limit=0&q=" + encoded("a b c d e f g h i"))
            .expect(400, "VALIDATION_ERROR");
    assertEquals(2, both.json().at("/error/details").size());
    search(list, "a ".repeat(100).strip()).expect(200);
    search(list, "a ".repeat(92) + "b c d e f g h i").expect(400, "VALIDATION_ERROR");
  }

  @ParameterizedTest
  @ValueSource(strings = {TASKS, NOTES})
  void FR_091_any_white_space_separates_words(String list) {
    search(list, "a\tb\nc\rd\u000be\ff g h i").expect(400, "VALIDATION_ERROR");
    search(list, "a\u00a0b\u2003c\u3000d\u2028e\u0085f\u1680g\u202fh\u205fi").expect(400);
    search(list, "\u3000a  b\t\nc d e f g h\u2003").expect(200);
    create(list, "first\u00a0second\u3000third");
    for (String found : List.of("third\u3000first", "second\u00a0third", "\u2003first\u202f")) {
      assertEquals(1, total(search(list, found)), found);
    }
    assertEquals(0, total(search(list, "first\u00a0fourth")));
  }

  @ParameterizedTest
  @CsvSource({
    "caf\u00e9, cafe\u0301",
    "\u212bngstr\u00f6m, A\u030aNGSTRO\u0308M",
    "stra\u00dfe, STRASSE",
    "STRA\u1e9eE, strasse",
    "ΣΊΣΥΦΟΣ, σίσυφος",
    "σίσυφος, ΣΊΣΥΦΟσ",
    "τόσος, ΟΣ",
    "τόσος, σος",
    "\u0130stanbul, istanbul",
    "istanbul, \u0130STANBUL",
    "Diyarbak\u0131r, DIYARBAKIR",
    "\uff21\uff22\uff23１２, abc12",
    "abc, \uff41\uff42\uff43",
    "ﬁnal oﬀer, FINAL OFFER",
    "\uff76\uff9e\uff97\uff7d, ガラス",
    "Ελλάδα ΰ, ΕΛΛΆΔΑ Ϋ́",
    "ǆungla, ǅUNGLA",
    "Ω ohm, ω",
    "Вы́ставка ЁЛКА, ёлка",
    "ՃԱՇ և, ճաշ եւ",
    "foo\u00adbar\u200b, FOOBAR",
    "❤\ufe0f love, ❤",
    "Żółw, z\u0307o\u0301łw",
    "한국어, \u1112\u1161\u11ab국어",
    "x²+y³, X2+Y3",
    "100％ _a, 100% _A",
    "＿, _"
  })
  void FR_091_text_is_found_in_every_case_and_normalization_form(String text, String words) {
    for (String list : List.of(TASKS, NOTES)) {
      Api user = service.newUser().api();
      create(user, list, text);
      create(user, list, "something different");
      assertEquals(1, total(user.get(list + "?q=" + encoded(words))), list);
      assertEquals(1, total(user.get(list + "?q=" + encoded(text))), list);
    }
  }

  @ParameterizedTest
  @CsvSource({"café, cafe", "Öl, ol", "a\uff05b, a%%b", "a＿b, ab", "x, \uff05", "一, 二"})
  void FR_091_other_letters_and_wildcards_are_not_found(String text, String words) {
    for (String list : List.of(TASKS, NOTES)) {
      Api user = service.newUser().api();
      create(user, list, text);
      assertEquals(0, total(user.get(list + "?q=" + encoded(words))), list);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TASKS, NOTES})
  void FR_091_a_changed_text_is_found_by_its_new_words(String list) {
    create(list, "alt");
    String id = api.get(list).json().at("/data/0/id").stringValue();
    Map<String, Object> change =
        list.equals(TASKS)
            ? Map.of("version", 1, "description", "Größe")
            : Map.of("content", "Größe");
    api.patch(list + "/" + id, change).expect(200);
    assertEquals(0, total(search(list, "alt")));
    assertEquals(1, total(search(list, "GRÖSSE")));
    String tombstone = api.delete(list + "/" + id).data().get("tombstone_id").stringValue();
    assertEquals(0, total(search(list, "GRÖSSE")));
    api.post("/api/v1/recovery/tombstones/" + tombstone + "/recover", Map.of()).expect(200);
    assertEquals(1, total(search(list, "GRÖSSE")));
  }

  @ParameterizedTest
  @ValueSource(strings = {TASKS, NOTES})
  void FR_091_an_empty_search_is_refused_as_the_contract_says(String list) {
    for (String query : List.of("?q=", "?q")) {
      Api.Answer refused = api.invalidOnPurpose().get(list + query).expect(400, "VALIDATION_ERROR");
      assertEquals(
          "q must have 1 to 200 characters", refused.json().at("/error/message").stringValue());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TASKS, NOTES})
  void all_words_must_occur_and_match_literally_ignoring_case(String list) {
    String text = "100% of_the tap\\price ÄRGER straße ΣΊΣΥΦΟΣ 日本 🎉 (a|b) [c]* 'quoted' \"x\"";
    create(list, text);
    create(list, "something else");
    for (String found :
        List.of(
            "100% OF_THE",
            "%",
            "_",
            "\\",
            "p\\p",
            "TAP\\PRICE 100",
            "ärger STRAßE",
            "本",
            "🎉 100",
            "(A|B) [C]*",
            "'QUOTED' \"",
            "f_t tap of 日 (a x 'q 1")) {
      assertEquals(1, total(search(list, found)), found);
    }
    for (String missed :
        List.of("100_", "t%p", "\\\\", "\\%", "o%e", "1.*", "100 missing", "a.b", "[cd]")) {
      assertEquals(0, total(search(list, missed)), missed);
    }
    assertEquals(2, total(search(list, "E")));
    assertEquals(2, total(api.get(list)));
    assertEquals(2, total(api.invalidOnPurpose().get(list + "?q=%20%20")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tail HEAD", "head tail", "tail", "EAD", "tai hea"})
  void words_are_found_in_title_and_description(String words) {
    api.post(TASKS, Map.of("title", "the tail", "description", "head first")).expect(201);
    assertEquals(1, total(search(TASKS, words)));
    // A word does not match across title and description.
    assertEquals(0, total(search(TASKS, "tailhead")));
  }

  private void create(String list, String text) {
    create(api, list, text);
  }

  private static void create(Api api, String list, String text) {
    Map<String, String> body =
        list.equals(TASKS)
            ? Map.of("title", "A title", "description", text)
            : Map.of("content", "A title\n" + text);
    api.post(list, body).expect(201);
  }

  private Api.Answer search(String list, String words) {
    return api.get(list + "?q=" + encoded(words));
  }

  private static String encoded(String words) {
    return URLEncoder.encode(words, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static int total(Api.Answer page) {
    JsonNode json = page.expect(200).json();
    assertTrue(json.has("data"));
    return json.at("/pagination/total").intValue();
  }
}

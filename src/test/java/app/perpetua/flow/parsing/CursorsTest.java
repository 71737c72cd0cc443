package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.PageRequest.Position;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CursorsTest {
  private static final UUID USER = UUID.fromString("019ba722-4680-7c3e-9a51-2f6d8b0c4e17");
  private static final UUID ID = UUID.fromString("019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b");
  private static final String LIST = "/api/v1/tasks";
  private static final String FILTER = "sort=8:due_date";
  private static final Position POSITION = new Position("2026-01-19 10:30:00.123456+13", ID);

  private static Cursors cursors(String secret, String list, UUID user) {
    return new CursorKey(new Secret(secret)).of(list, user);
  }

  private static Cursors cursors() {
    return cursors("secret", LIST, USER);
  }

  static Stream<Position> positions() {
    return Stream.of(
        POSITION,
        new Position("infinity", ID),
        new Position("-infinity", new UUID(-1, -1)),
        new Position("2", new UUID(0, 0)),
        new Position("", ID));
  }

  @ParameterizedTest
  @MethodSource("positions")
  void FR_118_a_cursor_is_valid_in_every_process_with_the_same_secret(Position position) {
    String cursor = cursors().render(position, FILTER);
    assertEquals(position, cursors().parse(cursor, FILTER));
    assertTrue(cursor.matches("[A-Za-z0-9_-]{1,200}"), cursor);
  }

  @Test
  void FR_118_a_cursor_is_valid_only_for_its_list_user_filter_and_secret() {
    String cursor = cursors().render(POSITION, FILTER);
    assertNull(cursors().parse(cursor, ""));
    assertNull(cursors().parse(cursor, FILTER + "x"));
    assertNull(cursors("other", LIST, USER).parse(cursor, FILTER));
    assertNull(cursors("secret", "/api/v1/notes", USER).parse(cursor, FILTER));
    assertNull(cursors("secret", LIST, ID).parse(cursor, FILTER));
  }

  @ParameterizedTest
  @MethodSource("positions")
  void FR_118_a_cursor_that_was_changed_is_none(Position position) {
    String cursor = cursors().render(position, FILTER);
    for (int i = 0; i < cursor.length(); i++) {
      assertNull(cursors().parse(cursor.substring(0, i), FILTER), "cut off");
      assertNull(cursors().parse(cursor.substring(i + 1), FILTER), "cut off in front");
      for (char c : "AB9_-=+/ \u00e9".toCharArray()) {
        String changed = cursor.substring(0, i) + c + cursor.substring(i + 1);
        if (!changed.equals(cursor)) {
          assertNull(cursors().parse(changed, FILTER), changed);
        }
        assertNull(cursors().parse(cursor.substring(0, i) + c + cursor.substring(i), FILTER));
      }
    }
    for (String more : List.of("A", "=", "==", "AAAA", "A".repeat(100_000))) {
      assertNull(cursors().parse(cursor + more, FILTER));
    }
  }

  private static QueryParameters query(Map<String, String> values) {
    return new QueryParameters(values.keySet(), values::get, cursors());
  }

  /** Reads the parameters of a list and returns its page. */
  private static PageRequest page(Map<String, String> values) {
    QueryParameters query = query(values);
    query.flag("hidden");
    query.words("q", 200);
    query.instant("since");
    query.choice("sort", "created_at", "due_date");
    PageRequest page = query.pageOrCursor();
    query.validate();
    return page;
  }

  private static String cursor(Map<String, String> values) {
    Map<String, String> first = new HashMap<>(values);
    first.put("cursor", "");
    PageRequest.ByCursor page = assertInstanceOf(PageRequest.ByCursor.class, page(first));
    assertNull(page.after());
    return page.cursors().apply(POSITION);
  }

  @ParameterizedTest
  @CsvSource({
    ", , hidden, false",
    ", , sort, created_at",
    ", , limit, 100",
    "since, 2026-01-19T10:30:00Z, since, 2026-01-19T12:30:00+02:00",
    "q, a b, q, 'a  b '",
  })
  void FR_118_a_cursor_is_valid_for_the_same_filter_in_other_words(
      String name, String value, String otherName, String otherValue) {
    Map<String, String> request = name == null ? Map.of() : Map.of(name, value);
    Map<String, String> next = new HashMap<>();
    next.put(otherName, otherValue);
    next.put("cursor", cursor(request));
    assertEquals(POSITION, assertInstanceOf(PageRequest.ByCursor.class, page(next)).after());
  }

  @ParameterizedTest
  @CsvSource({"hidden, true", "sort, due_date", "q, a", "since, 2026-01-19T10:30:00Z", "offset, 0"})
  void FR_118_a_cursor_is_refused_with_another_filter_or_an_offset(String name, String value) {
    Refusal refusal =
        assertThrows(Refusal.class, () -> page(Map.of(name, value, "cursor", cursor(Map.of()))));
    assertEquals("cursor", refusal.fieldErrors().getFirst().field());
  }

  @Test
  void FR_118_a_list_without_cursors_has_no_such_parameter() {
    QueryParameters query = query(Map.of("cursor", ""));
    query.page();
    Refusal refusal = assertThrows(Refusal.class, query::validate);
    assertEquals(
        List.of(new FieldError("cursor", "is not a parameter here; known: limit, offset")),
        refusal.fieldErrors());
  }
}

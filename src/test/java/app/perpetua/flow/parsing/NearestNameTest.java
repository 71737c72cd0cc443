package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NearestNameTest {
  private static final Set<String> KNOWN =
      Set.of("completed", "due_before", "due_after", "limit", "offset", "q", "sort");

  @ParameterizedTest
  @CsvSource({
    "limt, limit",
    "Limit, limit",
    "dueBefore, due_before",
    "compleated, completed",
    "sorts, sort",
    "ofset, offset",
    "q1, q"
  })
  void a_misspelt_name_has_a_nearest_one(String misspelt, String name) {
    assertEquals(name, NearestName.of(misspelt, KNOWN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "", "page", "page_size", "qq_q", "completed_before_noon"})
  void any_other_name_has_none(String other) {
    assertNull(NearestName.of(other, KNOWN));
  }

  @Test
  void of_equally_near_names_the_first_in_the_alphabet_is_chosen() {
    assertEquals("bat", NearestName.of("cat", Set.of("hat", "bat", "mat")));
  }

  @Test
  void an_unknown_parameter_is_refused_with_the_nearest_name_or_all_names() {
    Map<String, String> sent = Map.of("limt", "3", "page_size", "3");
    QueryParameters query =
        new QueryParameters(
            sent.keySet(),
            sent::get,
            new CursorKey(new Secret("a secret of 32 characters or more")).of("/a", null));
    query.page();
    Refusal refusal = assertThrows(Refusal.class, query::validate);
    assertEquals(
        List.of(
            new FieldError("limt", "is not a parameter here; did you mean limit?"),
            new FieldError("page_size", "is not a parameter here; known: limit, offset")),
        refusal.fieldErrors());
  }

  @Test
  void where_no_parameter_is_known_the_error_says_so() {
    QueryParameters query =
        new QueryParameters(
            Set.of("a"),
            _ -> "b",
            new CursorKey(new Secret("a secret of 32 characters or more")).of("/a", null));
    Refusal refusal = assertThrows(Refusal.class, query::validate);
    assertEquals("a is not a parameter here; there are none", refusal.message());
  }
}

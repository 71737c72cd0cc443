package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntityTagsTest {
  private static EntityTags parse(String... headers) {
    return EntityTags.parse("If-Match", Arrays.asList(headers));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void FR_141_a_tag_is_the_start_of_the_sha_256_of_the_representation() {
    assertEquals("\"ungWv48Bz-pBQUDeXa4iIw\"", EntityTags.of(bytes("abc")));
    assertEquals(EntityTags.of(bytes("{}")), EntityTags.of(bytes("{}")));
    assertNotEquals(EntityTags.of(bytes("{}")), EntityTags.of(bytes("{ }")));
    EntityTags known = parse(EntityTags.of(bytes("a")));
    assertTrue(known.matchStrongly(EntityTags.of(bytes("a"))));
    assertFalse(known.matchStrongly(EntityTags.of(bytes("b"))));
  }

  @Test
  void FR_141_a_list_may_be_split_over_headers_and_have_empty_elements() {
    Set<String> expected = Set.of("\"a\"", "W/\"b,c\"", "\"\"");
    assertEquals(expected, parse("\"a\",W/\"b,c\",\"\"").tags());
    assertEquals(expected, parse(" , \"a\" ,,\tW/\"b,c\"", "\"\" , ").tags());
    assertFalse(parse("\"a\"").any());
  }

  @Test
  void FR_141_an_asterisk_matches_everything() {
    EntityTags any = parse(" * ");
    assertTrue(any.any());
    assertTrue(any.matchStrongly("\"a\""));
    assertTrue(any.matchWeakly("\"a\""));
  }

  @Test
  void FR_141_a_weak_tag_matches_only_weakly() {
    EntityTags weak = parse("W/\"a\"");
    assertFalse(weak.matchStrongly("\"a\""));
    assertTrue(weak.matchWeakly("\"a\""));
    assertFalse(weak.matchWeakly("\"b\""));
    EntityTags strong = parse("\"a\"");
    assertTrue(strong.matchStrongly("\"a\""));
    assertTrue(strong.matchWeakly("\"a\""));
    assertFalse(strong.matchWeakly("\"A\""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ",",
        "a",
        "\"a",
        "a\"",
        "\"a\"b",
        "\"a\" \"b\"",
        "w/\"a\"",
        "W/ \"a\"",
        "W/a",
        "*,\"a\"",
        "\"a\", *",
        "**",
        "\"a b\"",
        "\"a\tb\"",
        "\"a\u007f\"",
        "'a'",
        "\"a\";q=1"
      })
  void FR_141_anything_else_is_refused(String header) {
    Refusal refusal = assertThrows(Refusal.class, () -> parse(header));
    assertEquals(ErrorCode.VALIDATION_ERROR, refusal.code());
    assertEquals("If-Match", refusal.fieldErrors().getFirst().field());
  }

  @Test
  void FR_141_the_longest_header_is_parsed_quickly() {
    String tags = String.join(" , ", java.util.Collections.nCopies(2_000, "W/\"a\""));
    for (String header : List.of(tags, tags + "x", ", ".repeat(8_000), "\"".repeat(16_000))) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(2),
          () -> {
            try {
              parse(header);
            } catch (Refusal e) {
              assertEquals(ErrorCode.VALIDATION_ERROR, e.code());
            }
          });
    }
  }
}

package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnicodeTextTest {
  private static final Pattern WHITE_SPACE = Pattern.compile("\\p{IsWhite_Space}");

  @ParameterizedTest
  @ValueSource(
      ints = {
        0x09, 0x0a, 0x0d, 0x1c, 0x20, 0x7f, 0x85, 0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x1680,
        0x17b4, 0x17b5, 0x180b, 0x180e, 0x180f, 0x2000, 0x2007, 0x200b, 0x200c, 0x200d, 0x200e,
        0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x202f, 0x205f, 0x2060, 0x2064, 0x2065, 0x2066,
        0x206f, 0x2800, 0x3000, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff0, 0xfff9, 0x1bca0,
        0x1d159, 0x1d173, 0xe0001, 0xe0020, 0xe0100, 0xe01ef, 0xe0fff
      })
  void FR_087_invisible_characters_alone_and_together_are_blank(int c) {
    String one = Character.toString(c);
    assertTrue(UnicodeText.isBlank(one));
    assertTrue(UnicodeText.isBlank(" " + one + "\u200b" + one));
    assertFalse(UnicodeText.isBlank(one + "x" + one));
    assertEquals(List.of(), UnicodeText.words(one));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "0",
        ".",
        "-",
        "é",
        "e\u0301",
        "日",
        "א",
        "\u0301",
        "👩‍👩‍👧‍👦",
        "❤️",
        "🏳️‍🌈",
        "\u0600",
        "\u06dd",
        "\u2801",
        "\ufffd",
        "ㅤx",
        "می‌خواهم"
      })
  void FR_087_what_can_be_seen_is_not_blank_and_stays_as_it_is(String text) {
    assertFalse(UnicodeText.isBlank(text));
    assertEquals(text, UnicodeText.trim(text));
    assertEquals(text, UnicodeText.trim("\u3000\u00a0\t" + text + "\u202f\u2007\u2028 \r\n\u0085"));
  }

  @Test
  void FR_087_only_white_space_is_trimmed() {
    for (String kept : List.of("\u200bx\u200b", "\u200fא\u200f", "\u2060x", "x\ufe0f", "\ufeffx")) {
      assertEquals(kept, UnicodeText.trim(kept));
    }
    IntStream.rangeClosed(0, 0xffff)
        .filter(c -> !Character.isSurrogate((char) c))
        .forEach(
            c -> {
              String one = Character.toString(c);
              assertEquals(
                  WHITE_SPACE.matcher(one).matches() ? "" : one,
                  UnicodeText.trim(one),
                  () -> Integer.toHexString(c));
            });
  }

  @Test
  void FR_087_words_are_parted_by_any_white_space() {
    assertEquals(
        List.of("a", "b", "c", "d", "e\u200bf", "g"),
        UnicodeText.words("\u3000a\u00a0b\u2003c\u2028d\u0085e\u200bf \u3164 g\u202f"));
    assertEquals(List.of(), UnicodeText.words(""));
  }
}

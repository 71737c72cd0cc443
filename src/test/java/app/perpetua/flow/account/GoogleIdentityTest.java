package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text that the database or the log cannot store. */
class GoogleIdentityTest {
  @Test
  void an_unpaired_surrogate_in_an_identifier_is_refused() {
    assertThrows(
        IllegalArgumentException.class, () -> GoogleIdentity.of("\ud800", "a@b", null, null));
    assertThrows(
        IllegalArgumentException.class, () -> GoogleIdentity.of("1", "\udc00@b", null, null));
  }

  @Test
  void an_unpaired_surrogate_in_a_name_is_removed() {
    assertEquals("Ada", GoogleIdentity.of("1", "a@b", "A\udc00da\ud800", null).name());
    assertEquals("a", GoogleIdentity.of("1", "a@b", "\ud800", null).name());
  }

  @Test
  void FR_001_a_missing_name_is_replaced_by_the_local_part_of_the_address() {
    assertEquals("ada.l", GoogleIdentity.of("1", "ada.l@example.com", null, null).name());
    assertEquals("\"a@b\"", GoogleIdentity.of("1", "\"a@b\"@example.com", null, null).name());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\t\r\n",
        "\u00a0",
        "\u2007\u202f\u2003",
        "\u3000",
        "\ufeff",
        "\u200b\u200d\u2060",
        "\u3164",
        "\u115f\u1160\uffa0",
        "\u2800",
        "\u0301\ufe0f",
        "\u00ad\u061c\u180e\u202e",
        "\udb40\udc20\udb40\udd00"
      })
  void FR_001_an_invisible_name_is_replaced_by_the_local_part_of_the_address(String name) {
    assertEquals("ada", GoogleIdentity.of("1", "ada@example.com", name, null).name());
  }

  @Test
  void FR_001_a_visible_name_keeps_its_inner_characters_and_loses_white_space_around_it() {
    for (String name :
        List.of("Gr\u00e4fin \ud83d\udc69\u200d\ud83d\ude80", "\u0905\u0902", "\ud55c")) {
      String padded = "\u00a0 \u3000" + name + "\u2007\u2003 ";
      assertEquals(name, GoogleIdentity.of("1", "a@b", padded, null).name());
    }
    String far = " ".repeat(500) + "x".repeat(99) + " y";
    assertEquals("x".repeat(99), GoogleIdentity.of("1", "a@b", far, null).name());
    assertEquals("\u3164@b", GoogleIdentity.of("1", "\u3164@b", null, null).name());
  }

  @Test
  void an_avatar_address_outside_ascii_is_escaped() {
    assertEquals(
        "https://example.com/%C3%A4",
        GoogleIdentity.of("1", "a@b", null, "https://example.com/ä").avatarUrl());
    assertNull(
        GoogleIdentity.of("1", "a@b", null, "https://example.com/" + "ä".repeat(400)).avatarUrl());
  }

  @Test
  void a_user_agent_stays_one_line_of_bounded_length() {
    assertEquals("a b", ClientInfo.of("a b\r\n\u2028\0", "127.0.0.1").userAgent());
    assertEquals("x".repeat(500), ClientInfo.of("x".repeat(9000), "127.0.0.1").userAgent());
    assertNull(ClientInfo.of(" \t", "127.0.0.1").userAgent());
    assertNull(ClientInfo.of(null, "127.0.0.1").userAgent());
  }
}

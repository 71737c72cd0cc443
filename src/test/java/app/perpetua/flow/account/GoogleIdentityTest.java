package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

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

package app.perpetua.flow.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class TokenTextTest {
  private final UUID id = UUID.fromString("019bd5d9-6a31-7c05-9d4e-8f20b1c7a3e6");
  private final String text = TokenText.create(id, new SecureRandom()).text();

  @Test
  void FR_154_a_token_has_its_id_a_secret_and_a_checksum() {
    assertTrue(
        text.matches("pf_pat_019bd5d96a317c059d4e8f20b1c7a3e6_[0-9a-f]{64}[0-9a-f]{8}"), text);
    assertEquals(Optional.of(new TokenText(id, text)), TokenText.parse(text));
    assertFalse(TokenText.create(id, new SecureRandom()).text().equals(text));
  }

  @Test
  void FR_154_any_changed_character_is_noticed() {
    for (int i = 0; i < text.length(); i++) {
      char other = text.charAt(i) == '0' ? '1' : '0';
      String changed = text.substring(0, i) + other + text.substring(i + 1);
      assertEquals(Optional.empty(), TokenText.parse(changed), changed);
    }
    assertEquals(Optional.empty(), TokenText.parse(text.toUpperCase(java.util.Locale.ROOT)));
    assertEquals(Optional.empty(), TokenText.parse(text + "0"));
    assertEquals(Optional.empty(), TokenText.parse(text.substring(1)));
  }

  @Test
  void the_description_has_no_secret() {
    String secret = text.substring(text.lastIndexOf('_') + 1);
    assertFalse(new TokenText(id, text).toString().contains(secret.substring(0, 8)));
  }
}

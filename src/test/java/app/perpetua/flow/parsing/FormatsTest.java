package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FormatsTest {
  private static final String LOWER = "0198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b";

  @Test
  void a_uuid_may_have_letters_of_both_cases() {
    assertEquals(UUID.fromString(LOWER), Formats.uuid(LOWER));
    assertEquals(UUID.fromString(LOWER), Formats.uuid(LOWER.replace('a', 'A').replace('e', 'E')));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1-1-1-1-1",
        "0198a7b23c4d7e5f8a9b0c1d2e3f4a5b",
        "{0198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a}",
        "0198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a5",
        "0198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b0",
        "0198a7b23-c4d-7e5f-8a9b-0c1d2e3f4a5b",
        "00198a7b2-3c4-7e5f-8a9b-0c1d2e3f4a5b",
        "0198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a5g",
        "+198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b",
        " 198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b",
        "0198a7b2-3c4d-7e5f-8a9b-0c1d2e3f4a5\u0665",
        "0198\uff417b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b",
        "0198a7b2_3c4d_7e5f_8a9b_0c1d2e3f4a5b"
      })
  void other_forms_are_not_uuids(String value) {
    assertNull(Formats.uuid(value));
  }
}

package app.perpetua.flow.fuzz.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RawJsonTest {
  @Test
  void a_value_can_be_set_inside_one_that_was_set_before() {
    Map<String, Object> root = new LinkedHashMap<>();
    RawJson.set(root, List.of("a"), Map.of("x", List.of(1)));
    RawJson.set(root, List.of("a", "y"), "z");
    RawJson.set(root, List.of("a", "x", 0), 2);
    assertEquals(Map.of("a", Map.of("x", List.of(2), "y", "z")), root);
  }
}

package app.perpetua.flow.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdsTest {
  @Test
  void ids_ascend_within_a_millisecond() {
    Ids ids = new Ids();
    UUID last = ids.next();
    for (int i = 0; i < 10_000; i++) {
      UUID next = ids.next();
      assertEquals(7, next.version());
      assertTrue(next.toString().compareTo(last.toString()) > 0, last + " before " + next);
      last = next;
    }
  }
}

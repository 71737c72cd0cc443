package app.perpetua.flow.bench.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SteadinessTest {
  /** Autovacuum starts above this number of dead rows. */
  private static final long LIMIT = 1_000;

  /** Updates in each minute. */
  private static final long CHANGES = 300;

  @Test
  void dead_rows_that_autovacuum_removes_are_no_growth() {
    assertEquals(Set.of(), Steadiness.unvacuumed(minutes(300, 600, 900, 1_200, 0, 300)));
    assertEquals(Set.of(), Steadiness.unvacuumed(minutes(300, 1_300, 1_300, 1_300)));
  }

  @Test
  void dead_rows_beyond_the_limit_and_a_minute_are_growth() {
    assertEquals(Set.of("t"), Steadiness.unvacuumed(minutes(300, 900, 1_301, 1_600, 1_900)));
    assertEquals(Set.of(), Steadiness.unvacuumed(minutes(300, 900, 1_600, 1_900, 1_300)));
  }

  @Test
  void drift_is_relative_to_the_first_value() {
    assertEquals(0.1, Steadiness.drift(200, 220), 1e-9);
    assertEquals(-0.5, Steadiness.drift(200, 100), 1e-9);
  }

  @Test
  void a_tenth_and_five_more_are_fluctuation() {
    assertFalse(Steadiness.isGrown(100, 115));
    assertTrue(Steadiness.isGrown(100, 116));
    assertFalse(Steadiness.isGrown(0, 5));
    assertTrue(Steadiness.isGrown(0, 6));
  }

  private static List<Map<String, TableState>> minutes(long... dead) {
    List<Map<String, TableState>> minutes = new ArrayList<>();
    for (int i = 0; i < dead.length; i++) {
      minutes.add(Map.of("t", new TableState(5_000, dead[i], CHANGES * i, 0, 0, LIMIT, 0)));
    }
    return minutes;
  }
}

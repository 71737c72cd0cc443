package app.perpetua.flow.lists;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PositionsTest {
  private static final Pattern VALID = Pattern.compile("[0-9A-Za-z]*[1-9A-Za-z]");
  private static final String BY_CREATION = "019bd5cde840V";

  @ParameterizedTest
  @CsvSource({
    "1, 3, 2",
    "1, 2, 1V",
    "1, 21, 2",
    "1z, 2, 1zV",
    "1V, 2, 1k",
    "019bd5cde840V, 019bd5cde841V, 019bd5cde841",
    "1, 101, 1005"
  })
  void a_position_between_two_is_short(String low, String high, String between) {
    String position = Positions.between(low, high);
    assertTrue(low.compareTo(position) < 0 && position.compareTo(high) < 0, position);
    assertEquals(between.length(), position.length(), position);
  }

  @Test
  void the_ends_are_open() {
    assertEquals("V", Positions.between(null, null));
    assertTrue(Positions.between(null, "1").compareTo("1") < 0);
    assertTrue(Positions.between("z", null).compareTo("z") > 0);
  }

  @Test
  void positions_that_are_not_in_order_are_refused() {
    assertThrows(IllegalArgumentException.class, () -> Positions.between("1", "1"));
    assertThrows(IllegalArgumentException.class, () -> Positions.between("2", "1"));
  }

  @Test
  void appending_and_prepending_do_not_lengthen() {
    String last = BY_CREATION;
    String first = BY_CREATION;
    for (int i = 0; i < 100_000; i++) {
      String next = Positions.after(last);
      String previous = Positions.before(first);
      assertTrue(next.compareTo(last) > 0 && previous.compareTo(first) < 0);
      assertEquals(BY_CREATION.length(), next.length());
      assertEquals(BY_CREATION.length(), previous.length());
      last = next;
      first = previous;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"zzzzzzzzzzzzV", "zzzzzzzzzzzzzzzz", "000000000000V", "0000000000001", "1", "z"})
  void there_is_a_position_before_and_after_any(String position) {
    assertTrue(Positions.after(position).compareTo(position) > 0);
    assertTrue(Positions.before(position).compareTo(position) < 0);
    assertTrue(VALID.matcher(Positions.after(position)).matches());
    assertTrue(VALID.matcher(Positions.before(position)).matches());
  }

  @Test
  void halving_adds_a_digit_in_five_steps_or_more() {
    String low = "019bd5cde840V";
    String high = "019bd5cde841V";
    for (boolean upper : new boolean[] {false, true}) {
      String a = low;
      String b = high;
      for (int i = 0; i < 500; i++) {
        String middle = Positions.between(a, b);
        assertTrue(middle.length() <= low.length() + 1 + i / 5, middle.length() + " after " + i);
        if (upper) {
          a = middle;
        } else {
          b = middle;
        }
      }
    }
  }

  @Test
  void random_insertions_keep_the_order() {
    Random random = new Random(19);
    List<String> order = new ArrayList<>(List.of(BY_CREATION));
    for (int i = 0; i < 20_000; i++) {
      int place = random.nextInt(order.size() + 1);
      String position =
          place == 0
              ? Positions.before(order.getFirst())
              : place == order.size()
                  ? Positions.after(order.getLast())
                  : Positions.between(order.get(place - 1), order.get(place));
      assertTrue(VALID.matcher(position).matches(), position);
      order.add(place, position);
    }
    for (int i = 1; i < order.size(); i++) {
      assertTrue(order.get(i - 1).compareTo(order.get(i)) < 0);
    }
  }
}

package app.perpetua.flow.billing;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** All orders in which things can arrive. */
final class Permutations {
  private Permutations() {}

  /** All permutations of the numbers from 0 to {@code size}, exclusive. */
  static List<List<Integer>> of(int size) {
    return of(IntStream.range(0, size).boxed().toList());
  }

  private static List<List<Integer>> of(List<Integer> items) {
    if (items.isEmpty()) {
      return List.of(List.of());
    }
    List<List<Integer>> all = new ArrayList<>();
    for (Integer first : items) {
      List<Integer> rest = items.stream().filter(item -> !item.equals(first)).toList();
      for (List<Integer> tail : of(rest)) {
        List<Integer> one = new ArrayList<>(List.of(first));
        one.addAll(tail);
        all.add(one);
      }
    }
    return all;
  }
}

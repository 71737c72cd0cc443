package app.perpetua.flow.parsing;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the name that a misspelt one probably means. */
public final class NearestName {
  private NearestName() {}

  /**
   * The known name with the fewest insertions, deletions and replacements of characters, regardless
   * of case; null if even that takes more than a third of the misspelt name, or more than one
   * character of a shorter one. Takes time in proportion to the product of the lengths.
   */
  public static @Nullable String of(String misspelt, Collection<String> known) {
    int max = Math.min(Math.max(1, misspelt.length() / 3), misspelt.length() - 1);
    return known.stream()
        .filter(name -> distance(misspelt, name) <= max)
        .min(
            Comparator.comparingInt((String name) -> distance(misspelt, name))
                .thenComparing(Comparator.naturalOrder()))
        .orElse(null);
  }

  /** The Levenshtein distance. */
  private static int distance(String first, String second) {
    String a = first.toLowerCase(Locale.ROOT);
    String b = second.toLowerCase(Locale.ROOT);
    int[] above = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[b.length()];
  }
}

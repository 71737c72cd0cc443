package app.perpetua.flow.search;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text in the form in which searches compare it, and where in the text each part of that form
 * comes from. The form has another length: ß becomes SS, a ligature its letters, and a soft hyphen
 * nothing. It is that of the database's function {@code search.folded}. Immutable.
 */
final class FoldedText {
  private static final Pattern CLUSTER = Pattern.compile("\\X");

  /** The characters that {@code search.folded} removes. */
  private static final Pattern REMOVED =
      Pattern.compile(
          "[\\u0307\\u00ad\\u034f\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064"
              + "\\u2066-\\u2069\\ufe0e\\ufe0f\\ufeff]");

  private final String folded;

  /** By index in {@link #folded}, where the part that it belongs to starts, in code points. */
  private final int[] starts;

  /** Likewise, where it ends. */
  private final int[] ends;

  private FoldedText(String folded, int[] starts, int[] ends) {
    this.folded = folded;
    this.starts = starts;
    this.ends = ends;
  }

  /** The form of a text. */
  static String fold(String text) {
    if (text.chars().allMatch(c -> c < 0x80)) {
      return text.toUpperCase(Locale.ROOT);
    }
    String cased = nfkc(text).toLowerCase(Locale.ROOT).toUpperCase(Locale.ROOT);
    return nfkc(REMOVED.matcher(cased).replaceAll(""));
  }

  /**
   * Folds a text part by part. A part is a character as people see it: a letter with its marks, a
   * syllable of Hangul, an emoji of several. So a highlight never ends within one.
   */
  static FoldedText of(String text) {
    List<String> parts = new ArrayList<>();
    Matcher clusters = CLUSTER.matcher(text);
    while (clusters.find()) {
      String cluster = clusters.group();
      // A mark after a removed character joins the letter before it.
      if (!parts.isEmpty() && beginsWithinLetter(cluster)) {
        cluster = parts.removeLast() + cluster;
      }
      parts.add(cluster);
    }
    StringBuilder folded = new StringBuilder(text.length());
    int[] starts = new int[2 * text.length()];
    int[] ends = new int[2 * text.length()];
    int start = 0;
    for (String part : parts) {
      int end = start + part.codePointCount(0, part.length());
      int from = folded.length();
      folded.append(fold(part));
      if (folded.length() > starts.length) {
        starts = Arrays.copyOf(starts, 2 * folded.length());
        ends = Arrays.copyOf(ends, 2 * folded.length());
      }
      Arrays.fill(starts, from, folded.length(), start);
      Arrays.fill(ends, from, folded.length(), end);
      start = end;
    }
    return new FoldedText(folded.toString(), starts, ends);
  }

  /** All places of words, in order; places that overlap or touch are one. */
  List<Span> places(List<String> foldedWords) {
    List<Span> found = new ArrayList<>();
    for (String word : foldedWords) {
      for (int at = next(word, 0); at >= 0; at = next(word, at + word.length())) {
        found.add(new Span(starts[at], ends[at + word.length() - 1]));
      }
    }
    found.sort((a, b) -> Integer.compare(a.start(), b.start()));
    List<Span> merged = new ArrayList<>();
    for (Span span : found) {
      if (!merged.isEmpty() && span.start() <= merged.getLast().end()) {
        Span last = merged.removeLast();
        merged.add(new Span(last.start(), Math.max(last.end(), span.end())));
      } else {
        merged.add(span);
      }
    }
    return merged;
  }

  boolean contains(String foldedWord) {
    return next(foldedWord, 0) >= 0;
  }

  private int next(String word, int from) {
    return word.isEmpty() ? -1 : folded.indexOf(word, from);
  }

  private static boolean beginsWithinLetter(String cluster) {
    String form = fold(cluster);
    if (form.isEmpty()) {
      return true;
    }
    int first = Normalizer.normalize(form, Normalizer.Form.NFKD).codePointAt(0);
    return switch (Character.getType(first)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          true;
      // Vowels and final consonants of Hangul.
      default -> first >= 0x1160 && first <= 0x11ff;
    };
  }

  private static String nfkc(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFKC);
  }

  @Override
  public String toString() {
    return folded;
  }
}

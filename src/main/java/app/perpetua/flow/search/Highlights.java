package app.perpetua.flow.search;

import java.util.ArrayList;
import java.util.List;

/** Marks the words of a search in texts. Immutable. */
final class Highlights {
  /** Code points. */
  private static final int SNIPPET = 160;

  /** Code points of a snippet before its first highlight. */
  private static final int LEAD = 40;

  private static final int MAX_SNIPPETS = 3;

  private final List<String> words;

  /**
   * @param words as the user wrote them
   */
  Highlights(List<String> words) {
    this.words = words.stream().map(FoldedText::fold).filter(word -> !word.isEmpty()).toList();
  }

  List<Span> in(String text) {
    return FoldedText.of(text).places(words);
  }

  /**
   * Parts of a text around words that occur neither in the title nor in a part before; at most
   * three, in the order of the words.
   */
  List<Snippet> snippets(String title, String text) {
    FoldedText shown = FoldedText.of(title);
    List<String> missing = words.stream().filter(word -> !shown.contains(word)).toList();
    if (missing.isEmpty()) {
      return List.of();
    }
    FoldedText folded = FoldedText.of(text);
    List<Span> places = folded.places(words);
    int[] codePoints = text.codePoints().toArray();
    List<Snippet> snippets = new ArrayList<>();
    List<Span> windows = new ArrayList<>();
    for (String word : missing) {
      List<Span> own = folded.places(List.of(word));
      if (snippets.size() == MAX_SNIPPETS
          || own.isEmpty()
          || own.stream().anyMatch(place -> windows.stream().anyMatch(w -> contains(w, place)))) {
        continue;
      }
      Span window = window(own.getFirst(), codePoints);
      windows.add(window);
      snippets.add(
          new Snippet(
              new String(codePoints, window.start(), window.end() - window.start()),
              places.stream()
                  .filter(place -> contains(window, place))
                  .map(
                      place ->
                          new Span(place.start() - window.start(), place.end() - window.start()))
                  .toList()));
    }
    return snippets;
  }

  private static boolean contains(Span window, Span place) {
    return window.start() <= place.start() && place.end() <= window.end();
  }

  /** Begins and ends at a space, if one is near. */
  private static Span window(Span place, int[] codePoints) {
    int start = Math.max(0, place.start() - LEAD);
    if (start > 0) {
      for (int i = start; i < place.start(); i++) {
        if (Character.isWhitespace(codePoints[i])) {
          start = i + 1;
          break;
        }
      }
    }
    int end = Math.min(codePoints.length, Math.max(start + SNIPPET, place.end()));
    if (end < codePoints.length) {
      for (int i = end; i > Math.max(place.end(), end - LEAD); i--) {
        if (Character.isWhitespace(codePoints[i])) {
          end = i;
          break;
        }
      }
    }
    return new Span(start, end);
  }
}

package app.perpetua.flow.quickadd.parser;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The words of a language, from the resource file {@code /quickadd/<language>.properties}. */
final class Vocabulary {
  private static final List<Unit> UNITS = List.of(Unit.values());
  private static final String WEAK = "weak";
  private static final String LOWER_CASE_ONLY = "lower-case-only";

  /**
   * A meaning of a phrase.
   *
   * @param words the phrase, in lower case
   * @param value a number, a time as hours and minutes, the index of a {@link Unit}, or 0
   */
  record Term(Word word, int value, List<String> words) {
    Unit unit() {
      return UNITS.get(value);
    }

    LocalTime time() {
      return LocalTime.of(value / 100, value % 100);
    }
  }

  private final Map<String, List<Term>> byFirstWord = new HashMap<>();
  private final Set<String> weak;
  private final Set<String> lowerCaseOnly;

  private Vocabulary(Properties properties) {
    this.weak = Set.copyOf(phrases(properties.getProperty(WEAK, "")));
    this.lowerCaseOnly = Set.copyOf(phrases(properties.getProperty(LOWER_CASE_ONLY, "")));
    Map<String, Word> words =
        Arrays.stream(Word.values()).collect(Collectors.toMap(Word::key, word -> word));
    Map<Word, Integer> found = new EnumMap<>(Word.class);
    new TreeMap<>(properties)
        .forEach(
            (key, text) -> {
              if (key.equals(WEAK) || key.equals(LOWER_CASE_ONLY)) {
                return;
              }
              String[] parts = key.toString().split("\\.", 2);
              Word word = words.get(parts[0]);
              if (word == null) {
                throw new IllegalStateException("no meaning has the name " + key);
              }
              found.merge(word, 1, Integer::sum);
              add(word, parts.length == 1 ? 0 : value(parts[1]), text.toString());
            });
    if (found.size() < Word.values().length) {
      throw new IllegalStateException("the vocabulary lacks words: it has " + found.keySet());
    }
    byFirstWord
        .values()
        .forEach(terms -> terms.sort(Comparator.comparingInt(term -> -term.words().size())));
  }

  /**
   * Loads a vocabulary.
   *
   * @param language such as {@code en}
   * @throws IllegalStateException if there is none, or it is incomplete
   */
  static Vocabulary load(String language) {
    String path = "/quickadd/" + language + ".properties";
    try (InputStream in = Vocabulary.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + path);
      }
      Properties properties = new Properties();
      properties.load(new InputStreamReader(in, StandardCharsets.UTF_8));
      return new Vocabulary(properties);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int value(String text) {
    return UNITS.stream()
        .filter(unit -> unit.name().toLowerCase(Locale.ROOT).equals(text))
        .map(UNITS::indexOf)
        .findFirst()
        .orElseGet(() -> Integer.parseInt(text));
  }

  private static List<String> phrases(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(phrase -> !phrase.isEmpty())
        .toList();
  }

  private void add(Word word, int value, String text) {
    for (String phrase : phrases(text)) {
      List<String> words = List.of(phrase.split(" +", -1));
      byFirstWord
          .computeIfAbsent(words.getFirst(), first -> new ArrayList<>())
          .add(new Term(word, value, words));
    }
  }

  /**
   * The terms that begin with a word, longest first.
   *
   * @param word in lower case
   */
  List<Term> startingWith(String word) {
    return byFirstWord.getOrDefault(word, List.of());
  }

  /** The term that is a single word with a meaning; null if there is none. */
  @Nullable Term single(String word, Word meaning) {
    for (Term term : startingWith(word)) {
      if (term.word() == meaning && term.words().size() == 1) {
        return term;
      }
    }
    return null;
  }

  /** Whether a word in lower case counts only where the words around it support it. */
  boolean isWeak(String word) {
    return weak.contains(word);
  }

  /** Whether a word in lower case has no meaning in another case. */
  boolean isLowerCaseOnly(String word) {
    return lowerCaseOnly.contains(word);
  }

  /** Every word and phrase, in no order. */
  List<String> all() {
    return byFirstWord.values().stream()
        .flatMap(List::stream)
        .map(term -> String.join(" ", term.words()))
        .toList();
  }
}

package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.quickadd.parser.Token.Gap;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A position among the words of a text. Words of one expression are separated by white space, or by
 * a comma where the grammar allows it. Used by one thread.
 */
final class Cursor {
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,3}");

  private final List<Token> tokens;
  private final Vocabulary vocabulary;
  private final int first;
  private int at;

  /** What may precede one word, beside white space, and the index of that word. */
  private Gap allowed = Gap.SPACE;

  private int allowedAt;

  Cursor(List<Token> tokens, Vocabulary vocabulary, int first) {
    this.tokens = tokens;
    this.vocabulary = vocabulary;
    this.first = first;
    this.at = first;
  }

  /** The index of the next token. */
  int at() {
    return at;
  }

  /** Continues at a token, as {@link #at} has returned it. */
  void reset(int index) {
    at = index;
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  /** The next word; null if the expression cannot continue. */
  @Nullable Token peek() {
    if (at == tokens.size()) {
      return null;
    }
    Token token = tokens.get(at);
    boolean continues =
        at == first || token.gap() == Gap.SPACE || (at == allowedAt && token.gap() == allowed);
    return continues ? token : null;
  }

  /** Whether a comma precedes the next word, which it then may follow. */
  boolean skipComma() {
    return skip(Gap.COMMA);
  }

  /** Whether an exclamation mark precedes the next word, which it then may follow. */
  boolean skipBang() {
    return skip(Gap.BANG);
  }

  private boolean skip(Gap gap) {
    if (at == first || at == tokens.size() || tokens.get(at).gap() != gap) {
      return false;
    }
    allowed = gap;
    allowedAt = at;
    return true;
  }

  void advance() {
    at++;
  }

  /** Reads a phrase with a meaning; null, and nothing read, if another follows. */
  Vocabulary.@Nullable Term accept(Word word) {
    Token token = peek();
    if (token == null) {
      return null;
    }
    for (Vocabulary.Term term : vocabulary.startingWith(token.word())) {
      if (term.word() == word && follows(term.words())) {
        at += term.words().size();
        return term;
      }
    }
    return null;
  }

  private boolean follows(List<String> words) {
    for (int i = 1; i < words.size(); i++) {
      int next = at + i;
      if (next >= tokens.size()
          || tokens.get(next).gap() != Gap.SPACE
          || !tokens.get(next).word().equals(words.get(i))) {
        return false;
      }
    }
    return true;
  }

  boolean skip(Word word) {
    return accept(word) != null;
  }

  /** Reads a number from 1 to 999 in digits or words; null if another word follows. */
  @Nullable Integer number() {
    Token token = peek();
    if (token != null && NUMBER.matcher(token.word()).matches()) {
      int value = Integer.parseInt(token.word());
      if (value == 0) {
        return null;
      }
      advance();
      return value;
    }
    Vocabulary.Term term = accept(Word.NUMBER);
    return term == null ? null : term.value();
  }

  /** Reads digits with a suffix, such as 15th, from 1 to 31; null if another word follows. */
  @Nullable Integer numericOrdinal() {
    Token token = peek();
    if (token == null || !Character.isDigit(token.word().charAt(0))) {
      return null;
    }
    int digits = token.word().length() > 1 && Character.isDigit(token.word().charAt(1)) ? 2 : 1;
    if (!NUMBER.matcher(token.word().substring(0, digits)).matches()
        || vocabulary.single(token.word().substring(digits), Word.ORDINAL_SUFFIX) == null) {
      return null;
    }
    int value = Integer.parseInt(token.word().substring(0, digits));
    if (value < 1 || value > 31) {
      return null;
    }
    advance();
    return value;
  }

  /** Reads an ordinal in digits or words, -1 for the last; null if another word follows. */
  @Nullable Integer ordinal() {
    Integer numeric = numericOrdinal();
    if (numeric != null) {
      return numeric;
    }
    Vocabulary.Term term = accept(Word.ORDINAL);
    return term == null ? null : term.value();
  }
}

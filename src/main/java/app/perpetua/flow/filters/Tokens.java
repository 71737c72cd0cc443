package app.perpetua.flow.filters;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The tokens of a text and how many of them have been read. Used once. */
final class Tokens {
  private final List<Token> tokens;
  private final Set<String> known;
  private int next;

  /**
   * @param known words of the language, which errors may contain
   * @throws FilterException if the text cannot be divided into tokens
   */
  Tokens(String text, Set<String> known) throws FilterException {
    this.tokens = Lexer.tokens(text);
    this.known = known;
  }

  int read() {
    return next;
  }

  void skip() {
    next++;
  }

  Token peek() {
    return tokens.get(next);
  }

  boolean accept(String symbol) {
    boolean accepted = peek().isSymbol(symbol);
    next += accepted ? 1 : 0;
    return accepted;
  }

  boolean acceptWord(String keyword) {
    boolean accepted = isWord(peek(), keyword);
    next += accepted ? 1 : 0;
    return accepted;
  }

  static boolean isWord(Token token, String keyword) {
    return token.kind() == Token.Kind.WORD && lowerCase(token.text()).equals(keyword);
  }

  /** Names the language's words before the place, but none of the user's. */
  FilterException expected(String what) {
    String before =
        tokens.subList(Math.max(0, next - 2), next).stream()
            .map(this::shown)
            .collect(Collectors.joining(" "))
            .strip();
    return new FilterException(
        peek().position(),
        "expected " + what + (before.isEmpty() ? "" : " after '" + before + "'"));
  }

  private String shown(Token token) {
    String word = lowerCase(token.text());
    boolean shown = token.kind() == Token.Kind.SYMBOL || known.contains(word);
    return shown && token.kind() != Token.Kind.QUOTED ? word : "";
  }

  static String lowerCase(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}

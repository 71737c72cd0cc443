package app.perpetua.flow.filters;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Divides a filter's text into tokens. Used once. */
final class Lexer {
  private static final Pattern UUID =
      Pattern.compile("(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z_-])");

  private static final Pattern TIME =
      Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})?)?");

  private static final List<String> SYMBOLS =
      List.of("<=", ">=", "!=", "<", ">", "=", "~", "(", ")", "[", "]", ",", "+", "-");

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  /** Code points before {@link #at}. */
  private int position;

  private Lexer(String text) {
    this.text = text;
  }

  /**
   * The tokens of a text; the last is {@link Token.Kind#END}.
   *
   * @throws FilterException if a character is none of the language, or a quotation has no end
   */
  static List<Token> tokens(String text) throws FilterException {
    Lexer lexer = new Lexer(text);
    lexer.skipSpace();
    while (lexer.at < text.length()) {
      lexer.next();
      lexer.skipSpace();
    }
    lexer.tokens.add(new Token(Token.Kind.END, "", lexer.position));
    return lexer.tokens;
  }

  private void next() throws FilterException {
    if (text.charAt(at) == '"') {
      quoted();
      return;
    }
    if (matched(Token.Kind.UUID, UUID) || matched(Token.Kind.TIME, TIME)) {
      return;
    }
    for (String symbol : SYMBOLS) {
      if (text.startsWith(symbol, at)) {
        add(Token.Kind.SYMBOL, at + symbol.length());
        return;
      }
    }
    int end = at;
    while (end < text.length() && isWordPart(text.codePointAt(end))) {
      end += Character.charCount(text.codePointAt(end));
    }
    if (end == at) {
      throw new FilterException(
          position,
          "expected a word, an operator or a parenthesis; names with other characters need double"
              + " quotes");
    }
    add(Token.Kind.WORD, end);
  }

  private boolean matched(Token.Kind kind, Pattern pattern) {
    Matcher matcher = pattern.matcher(text).region(at, text.length());
    if (!matcher.lookingAt()) {
      return false;
    }
    add(kind, matcher.end());
    return true;
  }

  private void add(Token.Kind kind, int end) {
    tokens.add(new Token(kind, text.substring(at, end), position));
    moveTo(end);
  }

  private void quoted() throws FilterException {
    StringBuilder value = new StringBuilder();
    for (int i = at + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        tokens.add(new Token(Token.Kind.QUOTED, value.toString(), position));
        moveTo(i + 1);
        return;
      }
      if (c == '\\') {
        i++;
        if (i == text.length()) {
          break;
        }
        if (text.charAt(i) != '"' && text.charAt(i) != '\\') {
          moveTo(i);
          throw new FilterException(position, "expected '\"' or '\\' after '\\'");
        }
        c = text.charAt(i);
      }
      value.append(c);
    }
    moveTo(text.length());
    throw new FilterException(position, "expected '\"' at the end of the quotation");
  }

  private void skipSpace() {
    while (at < text.length() && isSpace(text.codePointAt(at))) {
      moveTo(at + Character.charCount(text.codePointAt(at)));
    }
  }

  private void moveTo(int index) {
    position += text.codePointCount(at, index);
    at = index;
  }

  private static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c);
  }

  private static boolean isWordPart(int c) {
    return c == '_'
        || Character.isLetterOrDigit(c)
        || switch (Character.getType(c)) {
          case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK ->
              true;
          default -> false;
        };
  }
}

package app.perpetua.flow.parsing;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamContext;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;

/**
 * Says why a text is not JSON that {@link Json} reads: reads it again, token by token, and names
 * the first error with its member or with line and column. Quotes nothing but member names, which
 * it cuts. Used once, by one thread.
 */
final class JsonDiagnosis {
  private static final int MAX_PATH = 200;

  /** Unlike in {@link Json}, a long number ends no token, so that its member is known. */
  private static final JsonFactory TOKENS =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Json.MAX_DEPTH)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final String text;

  private JsonDiagnosis(String text) {
    this.text = text;
  }

  /**
   * The refusal of a body.
   *
   * @param cause what {@link Json#parse} threw for the text, for the log
   * @return {@code VALIDATION_ERROR}, for a field if a duplicate or a number is the error
   */
  static Refusal of(String text, JacksonException cause) {
    return new JsonDiagnosis(text).refusal().because(cause);
  }

  private Refusal refusal() {
    if (text.startsWith("\ufeff")) {
      return invalid("must not begin with a byte order mark");
    }
    try (JsonParser tokens = TOKENS.createParser(ObjectReadContext.empty(), text)) {
      boolean complete = false;
      try {
        for (JsonToken token = tokens.nextToken(); token != null; token = tokens.nextToken()) {
          if (complete) {
            return afterEnd(Math.toIntExact(tokens.currentTokenLocation().getCharOffset()));
          }
          String error = token.isNumeric() ? numberError(tokens.getString()) : null;
          if (error != null) {
            return Refusal.invalid(path(tokens.streamReadContext()), error);
          }
          complete = tokens.streamReadContext().inRoot() && !token.isStructStart();
        }
      } catch (StreamConstraintsException e) {
        return constraint(tokens.streamReadContext());
      } catch (JacksonException e) {
        return syntax(e, tokens.streamReadContext(), complete);
      }
    }
    return invalid("is not valid JSON");
  }

  private static @Nullable String numberError(String number) {
    if (number.length() > Json.MAX_NUMBER_LENGTH) {
      return "must be a number of at most " + Json.MAX_NUMBER_LENGTH + " characters";
    }
    return Json.isReadable(number) ? null : "must be a number with a smaller exponent";
  }

  private static Refusal constraint(TokenStreamContext context) {
    return context.getNestingDepth() >= Json.MAX_DEPTH
        ? invalid("must not be nested deeper than " + Json.MAX_DEPTH + " levels")
        : invalid("has a member name that is too long");
  }

  private Refusal syntax(JacksonException e, TokenStreamContext context, boolean complete) {
    String message = e.getOriginalMessage();
    if (message.startsWith("Duplicate")) {
      return Refusal.invalid(path(context), "must not occur twice");
    }
    int offset = Math.toIntExact(e.getLocation().getCharOffset());
    if (complete && !isComment(offset)) {
      return afterEnd(offset);
    }
    if (e instanceof UnexpectedEndOfInputException) {
      return invalid("is not valid JSON: it ends before it is complete" + at(offset));
    }
    return invalid("is not valid JSON: " + reason(message, offset) + at(offset));
  }

  private Refusal afterEnd(int offset) {
    return invalid("must be one JSON value, but another text follows" + at(offset));
  }

  /**
   * The message is the parser's, which has no other sign of what it expected. The tests know every
   * case.
   */
  private String reason(String message, int offset) {
    char found = charAt(offset);
    if (message.startsWith("Non-standard token")) {
      return "NaN and Infinity are not JSON numbers";
    }
    if (message.contains("numeric value") || message.contains("hexadecimal") || isPoint(offset)) {
      return "a number is malformed";
    }
    if (message.contains("escape")) {
      return message.startsWith("Illegal unquoted")
          ? "control characters in strings must be escaped"
          : "a string has an invalid escape";
    }
    if (isComment(offset)) {
      return "comments are not allowed";
    }
    if (found == '\'' || found == '‘' || found == '’' || found == '“' || found == '”') {
      return "strings need straight double quotes";
    }
    if (isTrailingComma(offset)) {
      return "a comma must be followed by another item";
    }
    if (message.contains("start property name")) {
      return "names need double quotes";
    }
    if (message.contains("a colon")) {
      return "a colon is missing after a name";
    }
    if (message.contains("comma to separate")) {
      return "a comma is missing between items";
    }
    return message.startsWith("Unrecognized token")
        ? "the only words outside of strings are true, false and null"
        : "a value was expected";
  }

  private boolean isComment(int offset) {
    return charAt(offset) == '/' || charAt(offset) == '#';
  }

  /** A number such as {@code .5}. */
  private boolean isPoint(int offset) {
    return charAt(offset) == '.' && Character.isDigit(charAt(offset + 1));
  }

  private boolean isTrailingComma(int offset) {
    return (charAt(offset) == '}' || charAt(offset) == ']')
        && text.substring(0, offset).stripTrailing().endsWith(",");
  }

  private char charAt(int offset) {
    return offset < text.length() ? text.charAt(offset) : '\0';
  }

  /** Counts lines and columns from 1, columns in code points. */
  private String at(int offset) {
    int end = Math.min(offset, text.length());
    List<String> lines = List.of(text.substring(0, end).split("\r\n|\r|\n", -1));
    String last = lines.getLast();
    return " (line "
        + lines.size()
        + ", column "
        + (1 + last.codePointCount(0, last.length()))
        + ")";
  }

  private static Refusal invalid(String message) {
    return Refusal.of(ErrorCode.VALIDATION_ERROR, "the body " + message);
  }

  /** Such as {@code items[2].title}. */
  private static String path(TokenStreamContext context) {
    StringBuilder path = new StringBuilder();
    for (TokenStreamContext at = context; at != null && !at.inRoot(); at = at.getParent()) {
      String step =
          at.inArray()
              ? "[" + at.getCurrentIndex() + "]"
              : JsonReader.printable(String.valueOf(at.currentName()));
      boolean needsPoint = !path.isEmpty() && path.charAt(0) != '[';
      path.insert(0, needsPoint ? step + "." : step);
    }
    int length = path.codePointCount(0, path.length());
    return path.isEmpty()
        ? "body"
        : path.substring(0, path.offsetByCodePoints(0, Math.min(length, MAX_PATH)));
  }
}

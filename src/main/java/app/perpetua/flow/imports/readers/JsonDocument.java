package app.perpetua.flow.imports.readers;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Reads the members of a large JSON object one after the other. */
final class JsonDocument {
  /** Takes what belongs to a member. */
  interface Members {
    /**
     * Takes a member that is an array, item by item, or any other member at once.
     *
     * @param line on which the value begins
     * @return whether more is wanted
     */
    boolean accept(String member, JsonNode value, int line) throws InvalidFileException;

    /** Whether the member is read at all. */
    boolean wants(String member);
  }

  private JsonDocument() {}

  /**
   * Reads a document.
   *
   * @throws InvalidFileException if it is no JSON object, or exceeds a bound
   * @throws IOException as {@link SourceFile#text}
   */
  static void read(Json json, SourceFile file, Members members)
      throws IOException, InvalidFileException {
    int line = 1;
    try (Reader text = file.text();
        JsonParser parser = json.parser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new InvalidFileException("The file is not a JSON object.", 1);
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String member = parser.currentName();
        JsonToken value = parser.nextToken();
        line = parser.currentTokenLocation().getLineNr();
        if (!members.wants(member)) {
          parser.skipChildren();
        } else if (value == JsonToken.START_ARRAY) {
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            line = parser.currentTokenLocation().getLineNr();
            if (!members.accept(member, json.tree(parser), line)) {
              return;
            }
          }
        } else if (!members.accept(member, json.tree(parser), line)) {
          return;
        }
      }
      if (parser.nextToken() != null) {
        throw new InvalidFileException("There is text after the JSON object.", line);
      }
    } catch (JacksonException | NumberFormatException e) {
      throw invalid(e, line);
    }
  }

  private static InvalidFileException invalid(RuntimeException failure, int line)
      throws IOException {
    Throwable cause = failure.getCause();
    if (cause instanceof SourceFile.TooLargeException large) {
      throw large;
    }
    if (cause instanceof CharacterCodingException coding) {
      throw coding;
    }
    if (cause instanceof IOException other) {
      throw other;
    }
    Integer at =
        failure instanceof JacksonException syntax && syntax.getLocation() != null
            ? Integer.valueOf(syntax.getLocation().getLineNr())
            : Integer.valueOf(line);
    return new InvalidFileException(
        "The file is no valid JSON, or it is nested too deeply or has too long a number.", at);
  }

  /** A member that is a text or a number; null if it is absent, null or anything else. */
  static @Nullable String text(JsonNode object, String member) {
    JsonNode value = object.get(member);
    return value == null || !(value.isString() || value.isNumber())
        ? null
        : Texts.storable(value.asString());
  }

  /** Whether a member is true or 1. */
  static boolean flag(JsonNode object, String member) {
    JsonNode value = object.get(member);
    return value != null
        && ((value.isBoolean() && value.booleanValue()) || "1".equals(text(object, member)));
  }

  /** A member that is an object; an empty one otherwise. */
  static JsonNode object(JsonNode object, String member) {
    JsonNode value = object.get(member);
    return value != null && value.isObject() ? value : JsonNodeFactory.instance.objectNode();
  }
}

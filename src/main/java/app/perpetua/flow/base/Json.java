package app.perpetua.flow.base;

import java.io.Reader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.UTF8JsonGenerator;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * Reads and writes the contract's JSON: {@code snake_case}, nulls included, instants in UTC with
 * exactly three digits of milliseconds. Reading is strict: no duplicate keys, no trailing text,
 * bounded depth and number length. Thread-safe.
 */
public final class Json {
  /** Levels of objects and arrays within each other. */
  public static final int MAX_DEPTH = 64;

  /** Characters, with sign and exponent. */
  public static final int MAX_NUMBER_LENGTH = 64;

  private final JsonMapper mapper =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .addModule(new SimpleModule().addSerializer(new MillisSerializer()))
          .build();

  private final ObjectReader values =
      mapper.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Serializes to UTF-8. */
  public byte[] bytes(Object value) {
    return mapper.writeValueAsBytes(value);
  }

  public String text(Object value) {
    return mapper.writeValueAsString(value);
  }

  /**
   * Parses one JSON document.
   *
   * @throws tools.jackson.core.JacksonException if the text is invalid or exceeds a bound
   */
  public JsonNode parse(String text) {
    try {
      return mapper.readTree(text);
    } catch (NumberFormatException e) {
      // Jackson lets it through if an exponent exceeds an int.
      throw new StreamReadException((JsonParser) null, "a number exceeds the limits", e);
    }
  }

  /** Whether a number of JSON's grammar is one that can be read; its exponent may be too large. */
  public static boolean isReadable(String number) {
    try {
      return new BigDecimal(number).precision() > 0;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /**
   * Returns the text of a member of {@code data}, without reading what follows it.
   *
   * @param answer JSON that this service has written, {@code {"data": {…}, …}}
   * @throws IllegalArgumentException if there is no such text
   */
  public String dataText(byte[] answer, String member) {
    try (JsonParser parser = mapper.createParser(answer)) {
      for (String name : List.of("data", member)) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
          break;
        }
        while (parser.nextToken() == JsonToken.PROPERTY_NAME
            && !parser.currentName().equals(name)) {
          parser.nextToken();
          parser.skipChildren();
        }
      }
      if (parser.currentToken() == JsonToken.PROPERTY_NAME
          && parser.nextToken() == JsonToken.VALUE_STRING) {
        return parser.getString();
      }
    }
    throw new IllegalArgumentException("no text data." + member);
  }

  /** Whether an answer of this service has no member beside {@code data}. */
  public boolean hasOnlyData(byte[] answer) {
    try (JsonParser parser = mapper.createParser(answer)) {
      parser.nextToken();
      boolean data = "data".equals(parser.nextName());
      parser.nextToken();
      parser.skipChildren();
      return data && parser.nextToken() == JsonToken.END_OBJECT;
    }
  }

  /**
   * Reads a document token by token, with the same bounds. {@link #tree} reads a value of it.
   *
   * @throws tools.jackson.core.JacksonException also from the parser, if the text is invalid or
   *     exceeds a bound
   */
  public JsonParser parser(Reader text) {
    return mapper.createParser(text);
  }

  /** Reads the value that begins with the parser's current token. */
  public JsonNode tree(JsonParser parser) {
    return values.readTree(parser);
  }

  /** Parses JSON that this service has written. */
  public <T> T read(String text, Class<T> type) {
    return mapper.readValue(text, type);
  }

  /** Formats an instant as the contract does, such as {@code 2026-01-19T10:30:00.000Z}. */
  public static String instant(Instant instant) {
    return InstantText.of(instant);
  }

  /** Writes an instant as {@link #instant} formats it, without looking for what must be escaped. */
  public static void write(JsonGenerator json, Instant instant) {
    write(json, InstantText.ascii(instant));
  }

  /** Writes an id, without looking for what must be escaped. */
  public static void write(JsonGenerator json, UUID id) {
    write(json, id.toString().getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void write(JsonGenerator json, byte[] ascii) {
    if (json instanceof UTF8JsonGenerator) {
      json.writeRawUTF8String(ascii, 0, ascii.length);
    } else {
      // Those that write characters do not support it.
      json.writeString(new String(ascii, StandardCharsets.ISO_8859_1));
    }
  }

  private static final class MillisSerializer extends StdSerializer<Instant> {
    MillisSerializer() {
      super(Instant.class);
    }

    @Override
    public void serialize(Instant value, JsonGenerator json, SerializationContext context) {
      write(json, value);
    }
  }
}

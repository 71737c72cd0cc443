package app.perpetua.flow.base;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
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

  private static final DateTimeFormatter INSTANT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

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

  /** Parses JSON that this service has written. */
  public <T> T read(String text, Class<T> type) {
    return mapper.readValue(text, type);
  }

  /** Formats an instant as the contract does, such as {@code 2026-01-19T10:30:00.000Z}. */
  public static String instant(Instant instant) {
    return INSTANT.format(instant);
  }

  private static final class MillisSerializer extends StdSerializer<Instant> {
    MillisSerializer() {
      super(Instant.class);
    }

    @Override
    public void serialize(Instant value, JsonGenerator json, SerializationContext context) {
      json.writeString(INSTANT.format(value));
    }
  }
}

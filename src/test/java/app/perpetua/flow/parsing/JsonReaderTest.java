package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  private final Json json = new Json();

  @ParameterizedTest
  @ValueSource(
      strings = {"30", "30.0", "30.000000000000000000", "3e1", "3E+1", "300e-1", "0.3e2", "3.0e1"})
  void FR_084_a_number_with_a_zero_fraction_is_an_integer(String number) {
    JsonReader body = read("{\"n\":" + number + "}");
    assertEquals(30, body.integer("n", 1, 720));
    body.validate();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.0", "-0", "-0.0", "0e999999999", "0e-999999999", "0E+2147483647"})
  void FR_084_zero_is_an_integer_in_every_form(String number) {
    assertEquals(0, read("{\"n\":" + number + "}").integer("n", 0, 10));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "30.5",
        "30.000000000000000001",
        "1e999999999",
        "-1e999999999",
        "1e-999999999",
        "1e2147483647",
        "9e-2147483647",
        "2147483648",
        "2147483648.0",
        "721",
        "721.0",
        "0.0",
        "-3e1",
        "3e-1"
      })
  void FR_084_another_number_is_refused_at_no_cost(String number) {
    JsonReader body = read("{\"n\":" + number + "}");
    assertTimeout(Duration.ofSeconds(1), () -> assertNull(body.integer("n", 1, 720)));
    assertEquals(
        List.of(new FieldError("n", "must be a whole number from 1 to 720")),
        assertThrows(Refusal.class, body::validate).fieldErrors());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"30\"", "true", "[30]", "{}", "\"30.0\""})
  void FR_084_what_is_no_number_is_no_integer(String value) {
    assertNull(read("{\"n\":" + value + "}").integer("n", 1, 720));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {"title":"a","title":"b"}            | title         | must not occur twice
          {"title":"a","\\u0074itle":"b"}      | title         | must not occur twice
          {"keys":{"auth":1,"auth":2}}         | keys.auth     | must not occur twice
          {"items":[{},{"a":{"b":1,"b":1}}]}   | items[1].a.b  | must not occur twice
          {"a":[[0,{"b":1,"b":1}]]}            | a[0][1].b     | must not occur twice
          {"n":1e99999999999}                  | n             | must be a number with a smaller exponent
          {"n":[1,1E-99999999999]}             | n[1]          | must be a number with a smaller exponent
          """)
  void FR_085_a_duplicate_member_or_an_unreadable_number_is_named(
      String body, String field, String message) {
    assertEquals(List.of(new FieldError(field, message)), refused(body).fieldErrors());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9999999999999999999999999999999999999999999999999999999999999999999999",
        "-0.999999999999999999999999999999999999999999999999999999999999999999",
        "1e0000000000000000000000000000000000000000000000000000000000000000001",
        "0.00000000000000000000000000000000000000000000000000000000000000000000"
      })
  void FR_085_a_number_that_is_too_long_is_named(String number) {
    assertEquals(
        List.of(new FieldError("a.n", "must be a number of at most 64 characters")),
        refused("{\"a\":{\"n\":" + number + "}}").fieldErrors());
    assertEquals(
        "[1] must be a number of at most 64 characters", refused("[0," + number + "]").message());
    assertEquals("body must be a number of at most 64 characters", refused(number).message());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {"a":NaN}            | is not valid JSON: NaN and Infinity are not JSON numbers
          {"a":-Infinity}      | is not valid JSON: NaN and Infinity are not JSON numbers
          {"a":Infinity}       | is not valid JSON: NaN and Infinity are not JSON numbers
          {"a":1,}             | is not valid JSON: a comma must be followed by another item (line 1, column 8)
          [1, ]                | is not valid JSON: a comma must be followed by another item (line 1, column 5)
          {'a':1}              | is not valid JSON: strings need straight double quotes (line 1, column 2)
          {"a":'1'}            | is not valid JSON: strings need straight double quotes (line 1, column 6)
          {“a”:1}              | is not valid JSON: strings need straight double quotes (line 1, column 2)
          {a:1}                | is not valid JSON: names need double quotes (line 1, column 2)
          // x                 | is not valid JSON: comments are not allowed (line 1, column 1)
          {"a":1 /* x */}      | is not valid JSON: comments are not allowed (line 1, column 8)
          # x                  | is not valid JSON: comments are not allowed (line 1, column 1)
          {} // x              | is not valid JSON: comments are not allowed (line 1, column 4)
          {"a"                 | is not valid JSON: it ends before it is complete (line 1, column 5)
          {"a":"b              | is not valid JSON: it ends before it is complete (line 1, column 8)
          {"a":[1              | is not valid JSON: it ends before it is complete (line 1, column 8)
          {                    | is not valid JSON: it ends before it is complete (line 1, column 2)
          {}{}                 | must be one JSON value, but another text follows (line 1, column 3)
          {} x                 | must be one JSON value, but another text follows (line 1, column 4)
          {},                  | must be one JSON value, but another text follows (line 1, column 3)
          {"a":1}}             | must be one JSON value, but another text follows (line 1, column 8)
          1 2                  | must be one JSON value, but another text follows (line 1, column 3)
          {"a":01}             | is not valid JSON: a number is malformed (line 1, column 7)
          {"a":+1}             | is not valid JSON: a number is malformed (line 1, column 7)
          {"a":.5}             | is not valid JSON: a number is malformed (line 1, column 6)
          {"a":1.}             | is not valid JSON: a number is malformed (line 1, column 7)
          {"a":1e}             | is not valid JSON: a number is malformed (line 1, column 7)
          {"a":0x1F}           | is not valid JSON: a number is malformed (line 1, column 7)
          {"a":True}           | is not valid JSON: the only words outside of strings are true, false and null
          {"a":undefined}      | is not valid JSON: the only words outside of strings are true, false and null
          {"a":"\\x"}          | is not valid JSON: a string has an invalid escape
          {"a":"\\u12"}        | is not valid JSON: a string has an invalid escape
          {"a" 1}              | is not valid JSON: a colon is missing after a name (line 1, column 6)
          {"a":1 "b":2}        | is not valid JSON: a comma is missing between items (line 1, column 8)
          {"a":}               | is not valid JSON: a value was expected (line 1, column 6)
          <x/>                 | is not valid JSON: a value was expected (line 1, column 1)
          """)
  void FR_085_what_is_wrong_with_the_syntax_is_named(String body, String message) {
    Refusal refusal = refused(body);
    assertTrue(refusal.message().startsWith("the body " + message), refusal.message());
    assertEquals(List.of(), refusal.fieldErrors());
  }

  @Test
  void FR_085_lines_and_columns_are_counted_in_characters() {
    assertTrue(
        refused("{\n  \"𐀀é\": 1,\r\n  \"b\": x\r}").message().endsWith("(line 3, column 8)"));
    assertTrue(refused("{\"𐀀é\": x}").message().endsWith("(line 1, column 8)"));
    assertTrue(
        refused("{\"a\":\"b\nc\"}")
            .message()
            .startsWith(
                "the body is not valid JSON: control characters in strings must be escaped"));
  }

  @Test
  void FR_085_a_body_beyond_the_bounds_is_refused_with_the_bound() {
    assertEquals(
        "the body must not be nested deeper than 64 levels",
        refused("[".repeat(100_000)).message());
    assertEquals(
        "the body must not be nested deeper than 64 levels",
        refused("{\"a\":".repeat(65) + "1" + "}".repeat(65)).message());
    assertEquals(
        "the body has a member name that is too long",
        refused("{\"" + "k".repeat(60_000) + "\":1}").message());
    String name = "n".repeat(40_000);
    String message = refused("{\"" + name + "\":1,\"" + name + "\":1}").message();
    assertEquals("n".repeat(100) + " must not occur twice", message);
  }

  @Test
  void FR_085_the_encoding_is_named() {
    assertEquals("the body must not begin with a byte order mark", refused("\ufeff{}").message());
    for (String wide : List.of("UTF-16", "UTF-16LE", "UTF-16BE", "x-UTF-16LE-BOM")) {
      assertEquals(
          "the body must be in UTF-8, not in UTF-16 or UTF-32",
          refused("{\"a\":1}".getBytes(Charset.forName(wide))).message(),
          wide);
    }
    ByteArrayOutputStream cut = new ByteArrayOutputStream();
    cut.writeBytes("{\"a\":\"é".getBytes(StandardCharsets.UTF_8));
    assertEquals(
        "the body is not valid UTF-8 at byte 7",
        refused(Arrays.copyOf(cut.toByteArray(), 7)).message());
    assertEquals(
        "the body is not valid UTF-8 at byte 2",
        refused(new byte[] {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'}).message());
    assertEquals("the body must be a JSON object", refused(" \n").message());
    assertEquals("the body must be a JSON object", refused("[]").message());
  }

  @Test
  void FR_085_text_of_the_client_is_not_repeated() {
    String secret = "hunter2";
    for (String body :
        List.of(
            "{\"a\":" + secret + "}",
            "{\"a\":\"" + secret + "\\q\"}",
            secret,
            "{} " + secret,
            "{" + secret + ":1}")) {
      Refusal refusal = refused(body);
      assertTrue(!refusal.message().contains(secret), refusal.message());
    }
  }

  private JsonReader read(String body) {
    return JsonReader.parse(json, body.getBytes(StandardCharsets.UTF_8));
  }

  private Refusal refused(String body) {
    return refused(body.getBytes(StandardCharsets.UTF_8));
  }

  private Refusal refused(byte[] body) {
    Refusal refusal = assertThrows(Refusal.class, () -> JsonReader.parse(json, body));
    assertEquals(ErrorCode.VALIDATION_ERROR, refusal.code());
    return refusal;
  }
}

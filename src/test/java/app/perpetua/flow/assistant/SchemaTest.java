package app.perpetua.flow.assistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaTest {
  private static final Json JSON = new Json();
  private static final Schema SHAPE = shape();

  private static Schema shape() {
    Map<String, Schema> members = new LinkedHashMap<>();
    members.put("text", new Schema.StringSchema("A text", 1, 3));
    members.put("maybe", new Schema.NullableSchema(new Schema.EnumSchema("", List.of("a", "b"))));
    members.put("whole", new Schema.IntegerSchema("Minutes", 1, 9));
    members.put("list", new Schema.ArraySchema("", new Schema.StringSchema("", 0, 5), 1, 2));
    return new Schema.ObjectSchema("All of it", members);
  }

  private static Optional<String> error(String json) {
    return SHAPE.error(JSON.parse(json));
  }

  @Test
  void the_json_schema_follows_strict_mode() {
    assertEquals(
        """
        {"type":"object","description":"All of it","properties":{\
        "text":{"type":"string","description":"A text (1 to 3 characters)"},\
        "maybe":{"type":["string","null"],"enum":["a","b",null]},\
        "whole":{"type":"integer","description":"Minutes (1 to 9)"},\
        "list":{"type":"array","description":"(1 to 2 elements)",\
        "items":{"type":"string","description":"(0 to 5 characters)"}}},\
        "required":["text","maybe","whole","list"],"additionalProperties":false}""",
        JSON.text(SHAPE.json()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'text':'äöü','maybe':null,'whole':9,'list':['']}",
        "{'text':'a','maybe':null,'whole':9,'list':['','','']}",
        "{'text':'a','maybe':null,'whole':9,'list':[7,'','sixsix']}",
        "{'list':['',''],'whole':1,'maybe':'b','text':'👩‍🚀'}",
      })
  void a_matching_value_has_no_error(String json) {
    assertEquals(Optional.empty(), error(json.replace('\'', '"')));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'text':'abcd' | text must be a string (1 to 3 characters)",
        "'text':7 | text must be a string (1 to 3 characters)",
        "'text':null | text must be a string (1 to 3 characters)",
        "'text':'\\u0000' | text has characters that cannot be stored",
        "'text':'\\ud83d' | text has characters that cannot be stored",
        "'maybe':'c' | maybe must be one of a, b",
        "'maybe':1 | maybe must be one of a, b",
        "'whole':0 | whole must be a whole number from 1 to 9",
        "'whole':1.5 | whole must be a whole number from 1 to 9",
        "'whole':99999999999 | whole must be a whole number from 1 to 9",
        "'list':{} | list must be a list (1 to 2 elements)",
        "'list':[] | list must be a list (1 to 2 elements)",
        "'list':[7,'sixsix'] | list[0] must be a string (0 to 5 characters)",
        "'more':1 | the value has unknown members",
      })
  void an_error_names_the_path(String member, String fault) {
    Map<String, String> good = new LinkedHashMap<>();
    good.put("text", "'a'");
    good.put("maybe", "null");
    good.put("whole", "1");
    good.put("list", "['']");
    String[] pair = member.split(":", 2);
    good.put(pair[0].replace("'", ""), pair[1]);
    StringBuilder json = new StringBuilder();
    good.forEach((name, value) -> json.append(",'" + name + "':" + value));
    assertEquals(Optional.of(fault), error("{" + json.substring(1).replace('\'', '"') + "}"));
  }

  @Test
  void missing_members_and_other_types_are_errors() {
    assertEquals(Optional.of("text is missing"), error("{}"));
    assertEquals(Optional.of("the value must be an object"), error("[]"));
  }

  @Test
  void every_failure_has_its_own_label() {
    List<Failure> failures =
        List.of(
            new Failure.Paused(Duration.ZERO),
            new Failure.Unreachable(),
            new Failure.ReadTimeout(),
            new Failure.DeadlineExceeded(),
            new Failure.RateLimited(Duration.ZERO),
            new Failure.QuotaExhausted(),
            new Failure.ServerError(500),
            new Failure.Rejected(400, "x"),
            new Failure.Interrupted(),
            new Failure.Malformed("x"),
            new Failure.WrongShape("x"),
            new Failure.TooLarge(),
            new Failure.Refused(),
            new Failure.Incomplete("x"),
            new Failure.Cancelled());
    assertEquals(failures.size(), failures.stream().map(Failure::label).distinct().count());
    assertTrue(failures.stream().allMatch(failure -> failure.label().matches("[a-z_]+")));
  }

  @Test
  void promise_27_to_string_of_a_tool_call_omits_everything() {
    assertEquals("ToolCall[***]", new ToolCall("i", "n", "a").toString());
    assertEquals(new Model.Usage(4, 6), new Model.Usage(1, 2).plus(new Model.Usage(3, 4)));
  }
}

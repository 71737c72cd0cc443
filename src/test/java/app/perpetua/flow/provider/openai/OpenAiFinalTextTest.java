package app.perpetua.flow.provider.openai;

import static app.perpetua.flow.provider.openai.OpenAiFixture.CREATE;
import static app.perpetua.flow.provider.openai.OpenAiFixture.STEPS;
import static app.perpetua.flow.provider.openai.OpenAiFixture.failure;
import static app.perpetua.flow.provider.openai.OpenAiFixture.finished;
import static app.perpetua.flow.provider.openai.OpenAiFixture.prompt;
import static app.perpetua.flow.provider.openai.OpenAiFixture.talk;
import static app.perpetua.flow.provider.openai.OpenAiFixture.words;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Prompt.Item;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.fake.OpenAiStep;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers repeat the deltas in up to four other events, and some send no deltas. */
class OpenAiFinalTextTest {
  private static final String CALL =
      "{\"type\":\"function_call\",\"call_id\":\"call_1\",\"name\":\"create_task\","
          + "\"arguments\":\"{}\"}";

  @AutoClose private final OpenAiFixture fixture = new OpenAiFixture();

  /**
   * The events: delta, output_text.done, content_part.done, output_item.done and, with the texts of
   * its messages, completed.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "delta:Hel delta:lo completed | Hello",
        "completed:Hello | Hello",
        "text:Hello completed | Hello",
        "part:Hello completed | Hello",
        "item:Hello completed | Hello",
        "text:Hello part:Hello item:Hello completed:Hello | Hello",
        "delta:Hel delta:lo text:Hello part:Hello item:Hello completed:Hello | Hello",
        "delta:Hello item:Hello completed:Hello | Hello",
        "delta:Hello completed:Hello | Hello",
        "delta:Hel text:Hello completed | Hello",
        "delta:Hel part:Hello text:Hello item:Hello completed:Hello | Hello",
        "delta:Hel item:Hello completed | Hello",
        "delta:Hel completed:Hello | Hello",
        "delta:Hel text:Hell part:Hell item:Hello completed:Hello+. | Hello.",
        "delta:Hello text:Other part:Other item:Other completed:Other | Hello",
        "delta:Hello item completed | Hello",
        "delta:a text:a delta:b text:b item:ab completed:ab | ab",
        "delta:a text:a part:a delta:a text:a part:a item:aa completed:aa | aa",
        "text:a part:a text:b part:b item:ab completed:ab | ab",
        "text:a text:a item:aa completed:aa | aa",
        "part:a part:b item:ab completed:ab | ab",
        "delta:a item:a delta:b item:b completed:a+b | ab",
        "item:a item:a completed:a+a | aa",
        "item:a completed:a+b | ab",
        "delta:a item:a completed:a+b+c | abc",
        "delta:\\ud83d text:\\ud83d\\ude00 completed | 😀",
        "delta:\\ud83d completed:\\ud83d\\ude00b | 😀b",
        "delta:a\\u0000 text:a\\u0000b completed:a\\u0000b | ab",
      })
  void FR_030_the_text_is_complete_and_never_doubled(String events, String expected)
      throws Exception {
    fixture.server.script(OpenAiStep.raw("text/event-stream", stream(events)));
    List<Event> read = fixture.all(talk("Hello"));
    assertEquals(expected, words(read));
    assertEquals(
        expected,
        finished(read).items().stream()
            .map(item -> ((Item.Message) item).text())
            .collect(Collectors.joining()));
  }

  private static String stream(String events) {
    return Arrays.stream(events.split(" "))
        .map(event -> event.split(":", 2))
        .map(event -> "data: " + event(event[0], event.length == 1 ? null : event[1]) + "\n\n")
        .collect(Collectors.joining());
  }

  private static String event(String type, @Nullable String text) {
    return switch (type) {
      case "delta" -> "{\"type\":\"response.output_text.delta\",\"delta\":\"" + text + "\"}";
      case "text" -> "{\"type\":\"response.output_text.done\",\"text\":\"" + text + "\"}";
      case "part" -> "{\"type\":\"response.content_part.done\",\"part\":" + part(text) + "}";
      case "item" -> "{\"type\":\"response.output_item.done\",\"item\":" + message(text) + "}";
      default ->
          completed(
              text == null
                  ? ""
                  : Arrays.stream(text.split("\\+"))
                      .map(OpenAiFinalTextTest::message)
                      .collect(Collectors.joining(",")));
    };
  }

  private static String part(@Nullable String text) {
    return "{\"type\":\"output_text\",\"text\":\"" + text + "\"}";
  }

  private static String message(@Nullable String text) {
    return "{\"type\":\"message\",\"content\":[" + (text == null ? "" : part(text)) + "]}";
  }

  private static String completed(String output) {
    return "{\"type\":\"response.completed\",\"response\":{\"output\":[" + output + "]}}";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: {\"type\":\"response.output_item.done\",\"item\":CALL}\n\n",
        "",
      })
  void calls_may_come_in_the_last_event_only(String before) throws Exception {
    fixture.server.script(
        OpenAiStep.raw(
            "text/event-stream",
            before.replace("CALL", CALL)
                + "data: "
                + completed(message("Here.") + "," + CALL)
                + "\n\n"));
    List<Event> events = fixture.all(talk("Hello", CREATE));
    assertEquals("Here.", words(events));
    assertEquals(1, events.stream().filter(Event.FunctionCalled.class::isInstance).count());
  }

  @Test
  void structured_output_may_come_in_the_last_event_only() throws Exception {
    String arguments = fixture.json.text("{\"subtasks\":[{\"title\":\"One\"}]}");
    fixture.server.script(
        OpenAiStep.raw(
            "text/event-stream",
            "data: "
                + completed(CALL.replace("\"{}\"", arguments).replace("create_task", STEPS.name()))
                + "\n\n"));
    List<Event> events = fixture.all(prompt("Split it", new OutputMode.StructuredOutput(STEPS)));
    assertInstanceOf(Event.StructuredOutput.class, events.getFirst());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"response.refusal.done\",\"refusal\":\"No.\"}",
        "{\"type\":\"response.output_item.done\",\"item\":REFUSAL}",
        "{\"type\":\"response.completed\",\"response\":{\"output\":[REFUSAL]}}",
      })
  void a_refusal_may_come_in_any_of_them(String event) throws Exception {
    String refusal =
        "{\"type\":\"message\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"No.\"}]}";
    fixture.server.script(
        OpenAiStep.raw(
            "text/event-stream",
            "data: " + event.replace("REFUSAL", refusal) + "\n\ndata: " + completed("") + "\n\n"));
    assertEquals(new Failure.Refused(), failure(fixture.all(talk("Hello"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data:\n\n",
        "data\n\n",
        "event: ping\ndata:\n\n",
        "event: ping\ndata: {}\n\n",
        "event: keepalive\nid: 1\nretry: 10\n\n",
        ": comment\n\n",
        "data: {\"type\":7}\n\n",
        "data: {\"type\":\"ping\"}\n\n",
        "data: {\"object\":\"chunk\"}\n\n",
        "data: []\n\n",
        "data: null\n\n",
        "data: 7\n\n",
        "data: ping\n\n",
        "data: [DONE]\n\n",
      })
  void what_is_no_event_of_the_api_is_skipped(String between) throws Exception {
    for (String newline : List.of("\n", "\r\n", "\r")) {
      fixture.server.script(
          OpenAiStep.raw(
              "text/event-stream",
              (between
                      + stream("delta:Hel")
                      + between.repeat(2)
                      + stream("delta:lo")
                      + between
                      + stream("completed")
                      + between)
                  .replace("\n", newline)));
      List<Event> events = fixture.all(talk("Hello"));
      assertEquals("Hello", words(events));
      finished(events);
    }
  }

  @Test
  void an_error_without_a_type_is_an_error() throws Exception {
    fixture.server.script(
        OpenAiStep.raw(
            "text/event-stream",
            "data: "
                + fixture.json.text(Map.of("error", Map.of("code", "insufficient_quota")))
                + "\n\n"));
    assertEquals(new Failure.QuotaExhausted(), fixture.failure());
  }
}

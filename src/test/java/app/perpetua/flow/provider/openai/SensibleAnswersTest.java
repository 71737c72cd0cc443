package app.perpetua.flow.provider.openai;

import static app.perpetua.flow.provider.openai.OpenAiFixture.COMPLETE;
import static app.perpetua.flow.provider.openai.OpenAiFixture.CREATE;
import static app.perpetua.flow.provider.openai.OpenAiFixture.STEPS;
import static app.perpetua.flow.provider.openai.OpenAiFixture.finished;
import static app.perpetua.flow.provider.openai.OpenAiFixture.members;
import static app.perpetua.flow.provider.openai.OpenAiFixture.prompt;
import static app.perpetua.flow.provider.openai.OpenAiFixture.talk;
import static app.perpetua.flow.provider.openai.OpenAiFixture.words;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.assistant.Prompt.Author;
import app.perpetua.flow.assistant.Prompt.Item;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.assistant.Prompt.Tool;
import app.perpetua.flow.assistant.Schema;
import app.perpetua.flow.assistant.ToolCall;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The answers of the unscripted fake, which the dev server uses. */
class SensibleAnswersTest {
  private static final String DATA =
      """
      <application_data>
      {"now":"2026-03-10T09:30:00.000Z","open_tasks":[\
      {"id":"00000000-0000-7000-8000-000000000001","title":"Water the plants"},\
      {"id":"00000000-0000-7000-8000-000000000002","title":"Write the report"}]}
      </application_data>""";

  private static final Tool DUE =
      new Tool(
          "create_task",
          "",
          new Schema.ObjectSchema(
              "",
              members(
                  "title",
                  new Schema.StringSchema("", 1, 200),
                  "due_date",
                  new Schema.NullableSchema(new Schema.StringSchema("", 1, 40)),
                  "estimated_duration",
                  new Schema.NullableSchema(new Schema.IntegerSchema("", 1, 720)))));

  @AutoClose private final OpenAiFixture fixture = new OpenAiFixture();

  private Prompt about(String message, Tool... tools) {
    return new Prompt(
        "You help.",
        List.of(new Item.Message(Author.USER, DATA), new Item.Message(Author.USER, message)),
        new OutputMode.Chat(List.of(tools)),
        500,
        "x");
  }

  private static Optional<ToolCall> call(List<Event> events) {
    finished(events);
    return events.stream()
        .filter(Event.FunctionCalled.class::isInstance)
        .map(event -> ((Event.FunctionCalled) event).call())
        .findFirst();
  }

  private JsonNode form(String data, Tool form) throws InterruptedException {
    List<Event> events = fixture.all(prompt(data, new OutputMode.StructuredOutput(form)));
    return assertInstanceOf(Event.StructuredOutput.class, events.getFirst(), events::toString)
        .value();
  }

  @Test
  void a_question_is_answered_with_text() throws Exception {
    List<Event> events = fixture.all(about("How do I plan a holiday?", CREATE, COMPLETE));
    assertTrue(words(events).contains("How do I plan a holiday"), words(events));
    assertTrue(events.size() > 10, "word by word");
    assertFalse(call(events).isPresent());
  }

  @ParameterizedTest
  @CsvSource({
    "Remind me to buy milk tomorrow, Buy milk",
    "Please add a task to call Ada please., Call Ada",
    "'Create a task: \"Öffne das Fenster\"', Öffne das Fenster",
    "I need to renew my passport!, Renew my passport",
    "add bread to my list, Bread"
  })
  void a_requested_task_is_proposed(String message, String title) throws Exception {
    List<Event> events = fixture.all(about(message, CREATE, COMPLETE));
    assertFalse(words(events).isEmpty());
    ToolCall call = call(events).orElseThrow();
    assertEquals("create_task", call.name());
    JsonNode arguments = fixture.json.parse(call.arguments());
    assertEquals(title, arguments.path("title").stringValue());
    assertEquals(Optional.empty(), CREATE.parameters().error(arguments));
  }

  @Test
  void a_relative_date_is_resolved() throws Exception {
    JsonNode arguments =
        fixture.json.parse(
            call(fixture.all(about("Remind me to buy milk tomorrow", DUE)))
                .orElseThrow()
                .arguments());
    assertEquals("2026-03-11T09:00:00.000Z", arguments.path("due_date").stringValue());
    assertEquals(30, arguments.path("estimated_duration").intValue());
  }

  @Test
  void a_task_is_identified_by_its_title() throws Exception {
    ToolCall call =
        call(fixture.all(about("Mark the report as done", CREATE, COMPLETE))).orElseThrow();
    assertEquals("complete_task", call.name());
    assertTrue(call.arguments().contains("00000000-0000-7000-8000-000000000002"), call.arguments());
    List<Event> unclear = fixture.all(about("Mark it as done", CREATE, COMPLETE));
    assertFalse(call(unclear).isPresent());
    assertTrue(words(unclear).contains("Which task"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Proposed. The person will confirm it.", "There is no task with that id."})
  void a_tool_result_ends_the_turns(String output) throws Exception {
    Prompt prompt = talk("Remind me to buy milk", CREATE);
    List<Event> first = fixture.all(prompt);
    ToolCall call = call(first).orElseThrow();
    List<Event> second =
        fixture.all(
            prompt
                .with(finished(first).items())
                .with(List.of(new Item.FunctionResult(call.id(), output))));
    assertFalse(call(second).isPresent());
    assertEquals(output.startsWith("Proposed"), words(second).contains("confirm"));
  }

  @Test
  void FR_031_subtasks_are_steps_of_the_task_without_repetitions() throws Exception {
    Set<String> titles = new HashSet<>();
    String known = "";
    for (int i = 0; i < 3; i++) {
      String data =
          "<application_data>\n{\"room\":4,\"task\":{\"title\":\"Paint the fence\",\"description\":\"\"},"
              + "\"subtasks\":["
              + known
              + "]}\n</application_data>";
      for (JsonNode step : form(data, STEPS).path("subtasks")) {
        String title = step.path("title").stringValue();
        assertTrue(titles.add(title), "again: " + title);
        known += (known.isEmpty() ? "" : ",") + fixture.json.text(title);
      }
    }
    assertEquals(9, titles.size());
    assertTrue(titles.stream().anyMatch(title -> title.contains("Paint the fence")));
  }

  @Test
  void FR_032_a_note_becomes_a_task() throws Exception {
    String note = "I need to call the dentist. The number is on the fridge, ask for Tuesday.";
    JsonNode form =
        form(
            "<application_data>\n{\"note\":{\"content\":"
                + fixture.json.text(note)
                + "}}\n</application_data>",
            new Tool(
                "task",
                "",
                new Schema.ObjectSchema(
                    "",
                    members(
                        "title",
                        new Schema.StringSchema("", 1, 20),
                        "description",
                        new Schema.StringSchema("", 0, 1000),
                        "priority",
                        new Schema.EnumSchema("", List.of("low", "medium", "high")),
                        "due_date",
                        new Schema.NullableSchema(new Schema.StringSchema("", 1, 40))))));
    assertTrue(form.path("title").stringValue().startsWith("Call the dentist"));
    assertEquals(note, form.path("description").stringValue());
    assertEquals("medium", form.path("priority").stringValue());
    assertTrue(form.path("due_date").isNull());
  }
}

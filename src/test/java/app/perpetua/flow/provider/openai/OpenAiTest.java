package app.perpetua.flow.provider.openai;

import static app.perpetua.flow.provider.openai.OpenAiFixture.CREATE;
import static app.perpetua.flow.provider.openai.OpenAiFixture.STEPS;
import static app.perpetua.flow.provider.openai.OpenAiFixture.all;
import static app.perpetua.flow.provider.openai.OpenAiFixture.failure;
import static app.perpetua.flow.provider.openai.OpenAiFixture.finished;
import static app.perpetua.flow.provider.openai.OpenAiFixture.prompt;
import static app.perpetua.flow.provider.openai.OpenAiFixture.talk;
import static app.perpetua.flow.provider.openai.OpenAiFixture.words;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Answer;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Model.Usage;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.assistant.Prompt.Author;
import app.perpetua.flow.assistant.Prompt.Item;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.assistant.ToolCall;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Part;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class OpenAiTest {
  @AutoClose private final OpenAiFixture fixture = new OpenAiFixture();

  @AutoClose private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @Test
  void text_is_streamed_and_the_turn_can_be_sent_back() throws Exception {
    fixture.server.script(OpenAiStep.say("Grüße an\nalle 👩‍🚀!"));
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals("Grüße an\nalle 👩‍🚀!", words(events));
    assertEquals(5, events.size(), "one event for each of four words, and the last event");
    Event.Finished end = finished(events);
    assertEquals("gpt-4-turbo-2024-04-09", end.model());
    assertTrue(end.usage().input() > 0);
    assertEquals(4, end.usage().output());
    assertEquals(List.of(new Item.Message(Author.ASSISTANT, "Grüße an\nalle 👩‍🚀!")), end.items());
  }

  @Test
  void text_arrives_as_it_is_generated() throws Exception {
    fixture.server.script(OpenAiStep.say("one two").pausing(Duration.ofHours(1)));
    try (Answer answer = fixture.stream(talk("Hello"))) {
      assertEquals(new Event.TextDelta("one "), answer.next());
    }
  }

  @Test
  void the_request_follows_the_protocol() throws Exception {
    fixture.all(talk("Hello", CREATE));
    JsonNode body = fixture.server.requests().getFirst().body();
    assertEquals("gpt-4-turbo", body.path("model").stringValue());
    assertEquals("You help with tasks.", body.path("instructions").stringValue());
    assertEquals(500, body.path("max_output_tokens").intValue());
    assertEquals("0123456789abcdef", body.path("safety_identifier").stringValue());
    assertFalse(body.path("store").booleanValue());
    assertTrue(body.path("stream").booleanValue());
    assertEquals("auto", body.path("tool_choice").stringValue());
    assertEquals(
        """
        {"type":"function","name":"create_task","description":"Proposes a new task",\
        "parameters":{"type":"object","properties":{"title":{"type":"string",\
        "description":"What is to be done (1 to 40 characters)"},"priority":{"type":["string",\
        "null"],"enum":["low","medium","high",null]}},"required":["title","priority"],\
        "additionalProperties":false},"strict":true}""",
        body.path("tools").path(0).toString());
  }

  @Test
  void without_tools_the_request_has_none() throws Exception {
    fixture.all(talk("Hello"));
    JsonNode body = fixture.server.requests().getFirst().body();
    assertFalse(body.has("tools"));
    assertFalse(body.has("tool_choice"));
  }

  @Test
  void calls_arrive_when_the_turn_is_complete_and_are_sent_back_with_results() throws Exception {
    fixture.server.script(
        OpenAiStep.turn(
            new Part.Text("Two things. "),
            new Part.Call("create_task", "{\"title\":\"Ü\",\"priority\":null}"),
            new Part.Call("destroy_everything", "not json")),
        OpenAiStep.say("Done."));
    Prompt prompt = talk("Add two", CREATE);
    List<Event> events = fixture.all(prompt);
    ToolCall one =
        assertInstanceOf(Event.FunctionCalled.class, events.get(events.size() - 3)).call();
    ToolCall other =
        assertInstanceOf(Event.FunctionCalled.class, events.get(events.size() - 2)).call();
    assertEquals("create_task", one.name());
    assertEquals("{\"title\":\"Ü\",\"priority\":null}", one.arguments());
    assertEquals("destroy_everything", other.name(), "unknown tools are not filtered");
    assertEquals("not json", other.arguments());
    List<Item> items = finished(events).items();
    assertEquals(
        List.of(
            new Item.Message(Author.ASSISTANT, "Two things. "),
            new Item.FunctionCall(one),
            new Item.FunctionCall(other)),
        items);
    Prompt next =
        prompt
            .with(items)
            .with(
                List.of(
                    new Item.FunctionResult(one.id(), "proposed"),
                    new Item.FunctionResult(other.id(), "there is no such tool")));
    assertEquals("Done.", words(fixture.all(next)));
    JsonNode input = fixture.server.requests().get(1).body().path("input");
    assertEquals(6, input.size());
    assertEquals("function_call_output", input.path(4).path("type").stringValue());
    assertEquals(one.id(), input.path(4).path("call_id").stringValue());
  }

  @Test
  void FR_031_structured_output_is_a_forced_call() throws Exception {
    fixture.server.script(
        OpenAiStep.turn(
            new Part.Text("Gladly: "), new Part.Form("{\"subtasks\":[{\"title\":\"One\"}]}")));
    List<Event> events = fixture.all(prompt("Split it", new OutputMode.StructuredOutput(STEPS)));
    assertEquals(2, events.size(), "a model that chats beside it is not listened to");
    Event.StructuredOutput filled =
        assertInstanceOf(Event.StructuredOutput.class, events.getFirst());
    assertEquals("One", filled.value().path("subtasks").path(0).path("title").stringValue());
    finished(events);
    JsonNode body = fixture.server.requests().getFirst().body();
    assertEquals("subtasks", body.path("tool_choice").path("name").stringValue());
    assertFalse(body.path("parallel_tool_calls").booleanValue());
    assertFalse(body.has("text"));
  }

  @Test
  void unknown_events_and_members_are_ignored() throws Exception {
    fixture.server.script(
        OpenAiStep.raw(
            "text/event-stream",
            """
            : a comment

            event: response.reasoning_summary.delta
            data: {"type":"response.reasoning_summary.delta","delta":"hm"}

            data: {"type":"response.output_text.delta",
            data: "delta":"Yes.","more":[1]}

            data: {"type":"response.output_item.done","item":{"type":"reasoning","id":"rs_1"}}

            id: 7
            data: {"type":"response.completed","response":{}}

            data: [DONE]

            """));
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals("Yes.", words(events));
    assertEquals("gpt-4-turbo", finished(events).model(), "the requested model");
    assertEquals(Usage.NONE, finished(events).usage());
  }

  @Test
  void unstorable_characters_are_removed() throws Exception {
    fixture.server.script(
        OpenAiStep.raw(
            "text/event-stream",
            """
            data: {"type":"response.output_text.delta","delta":"a\\u0000b\\udc00c\\ud83d"}

            data: {"type":"response.output_text.delta","delta":"\\ude00d\\ud83d"}

            data: {"type":"response.output_text.delta","delta":"e"}

            data: {"type":"response.completed","response":{}}

            """));
    assertEquals("abc😀de", words(fixture.all(talk("Hello"))));
  }

  @Test
  void promise_19_closing_from_another_thread_disconnects() throws Exception {
    fixture.server.script(OpenAiStep.say("word ".repeat(2_000)).slowly(Duration.ofMillis(20)));
    CountDownLatch spoken = new CountDownLatch(1);
    Answer answer = fixture.stream(talk("Hello"));
    Future<Event> last =
        threads.submit(
            () -> {
              Event event = answer.next();
              while (event instanceof Event.TextDelta) {
                spoken.countDown();
                event = answer.next();
              }
              return event;
            });
    spoken.await();
    answer.close();
    assertEquals(new Event.Failed(new Failure.Cancelled(), Usage.NONE), last.get());
    fixture.awaitOutcome(FakeOpenAi.Outcome.HUNG_UP);
    assertEquals(1, fixture.server.requests().size());
  }

  @Test
  void promise_19_closing_before_the_response_disconnects() throws Exception {
    fixture.server.script(OpenAiStep.say("late").after(Duration.ofHours(1)));
    Answer answer = fixture.stream(talk("Hello"));
    Future<Event> last = threads.submit(answer::next);
    fixture.awaitOutcome(FakeOpenAi.Outcome.ANSWERING);
    answer.close();
    assertEquals(new Event.Failed(new Failure.Cancelled(), Usage.NONE), last.get());
    fixture.awaitOutcome(FakeOpenAi.Outcome.HUNG_UP);
    assertEquals(1, fixture.server.requests().size(), "no retry");
  }

  @Test
  void closing_during_the_back_off_ends_it() throws Exception {
    fixture.server.script(OpenAiStep.error(429, "rate_limit_exceeded", "Retry-After", "100"));
    Answer answer = fixture.stream(talk("Hello"));
    Future<Event> last = threads.submit(answer::next);
    fixture.awaitOutcome(FakeOpenAi.Outcome.COMPLETE);
    answer.close();
    assertEquals(new Event.Failed(new Failure.Cancelled(), Usage.NONE), last.get());
    assertEquals(1, fixture.server.requests().size());
  }

  @Test
  void an_answer_closed_before_its_first_read_sends_nothing() throws Exception {
    Answer answer = fixture.stream(talk("Hello"));
    answer.close();
    assertEquals(new Failure.Cancelled(), failure(List.of(answer.next())));
    assertEquals(0, fixture.server.requests().size());
  }

  @Test
  void an_interrupted_reader_disconnects() throws Exception {
    fixture.server.script(OpenAiStep.say("late").after(Duration.ofHours(1)));
    Answer answer = fixture.stream(talk("Hello"));
    CountDownLatch interrupted = new CountDownLatch(1);
    Thread reader =
        Thread.ofVirtual()
            .start(
                () -> {
                  assertThrows(InterruptedException.class, answer::next);
                  interrupted.countDown();
                });
    fixture.awaitOutcome(FakeOpenAi.Outcome.ANSWERING);
    reader.interrupt();
    interrupted.await();
    fixture.awaitOutcome(FakeOpenAi.Outcome.HUNG_UP);
  }

  @Test
  void turns_can_follow_each_other() throws Exception {
    for (int i = 0; i < 3; i++) {
      fixture.server.script(OpenAiStep.say("Hello " + i));
      assertEquals("Hello " + i, words(fixture.all(talk("Hello"))));
    }
  }

  @Test
  void concurrent_turns_are_independent() throws Exception {
    fixture.server.script(OpenAiStep.say("a b c d e f g h").times(40));
    List<Future<String>> turns = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      turns.add(threads.submit(() -> words(all(fixture.stream(talk("Hello"))))));
    }
    for (Future<String> turn : turns) {
      assertEquals("a b c d e f g h", turn.get());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com, https://api.openai.com/v1/responses",
    "https://api.openai.com/v1/, https://api.openai.com/v1/responses",
    "http://localhost:1/proxy, http://localhost:1/proxy/v1/responses"
  })
  void the_base_url_may_end_in_v1(URI base, URI whole) {
    assertEquals(
        whole,
        new OpenAiConfig(Optional.empty(), "m", base, Duration.ZERO, Duration.ZERO).responses());
  }

  @Test
  void FR_066_calls_first_text_and_tokens_are_measured() throws Exception {
    fixture.server.script(OpenAiStep.say("one two"));
    fixture.all(talk("Hello"));
    assertEquals(
        1,
        fixture
            .registry
            .get("provider.calls")
            .tags("provider", "openai", "outcome", "finished")
            .timer()
            .count());
    assertEquals(
        1, fixture.registry.get("provider.first.word").tag("provider", "openai").timer().count());
    assertEquals(
        2.0,
        fixture
            .registry
            .get("provider.tokens")
            .tags("provider", "openai", "of", "output")
            .counter()
            .count());
  }
}

package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Answer;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.assistant.Prompt.Author;
import app.perpetua.flow.assistant.Prompt.Item;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.assistant.Prompt.Tool;
import app.perpetua.flow.assistant.Schema;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.provider.openai.OpenAi;
import app.perpetua.flow.provider.openai.OpenAiConfig;
import app.perpetua.flow.sql.Eventually;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class OpenAiControlsTest {
  private static final Tool FORM =
      new Tool(
          "form",
          "",
          new Schema.ObjectSchema("", Map.of("title", new Schema.StringSchema("", 1, 9))));

  private final Json json = new Json();
  @AutoClose private final FakeOpenAi server = new FakeOpenAi();
  @AutoClose private final HttpClient http = HttpClient.newHttpClient();

  @AutoClose
  private final ControlPort control =
      new ControlPort(0, new OpenAiControls(server, json).calls(), Map::of, json);

  private String outcomeOfCall(int index) {
    try {
      JsonNode calls = call("GET", "/openai/calls", "", 200).path("calls");
      return calls.path(index).path("outcome").stringValue();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private JsonNode call(String method, String path, String body, int status) throws Exception {
    return new ControlClient(control, http, json).call(method, path, body, status);
  }

  private void script(String steps) throws Exception {
    call("POST", "/openai/script", "{\"steps\": [" + steps.replace('\'', '"') + "]}", 200);
  }

  private List<Event> ask(OutputMode outputMode) throws InterruptedException {
    OpenAi openAi =
        new OpenAi(
            http,
            new OpenAiConfig(
                Optional.empty(),
                "gpt-4-turbo",
                server.baseUrl(),
                Duration.ZERO,
                Duration.ofSeconds(20)),
            new Secret(FakeOpenAi.KEY),
            json,
            Optional.empty(),
            new MutableClock(),
            System::nanoTime,
            RandomGenerator.getDefault(),
            new SimpleMeterRegistry());
    Prompt prompt =
        new Prompt("Help.", List.of(new Item.Message(Author.USER, "Hello")), outputMode, 100, "x");
    List<Event> events = new ArrayList<>();
    try (Answer answer = openAi.stream(prompt, Duration.ofSeconds(60))) {
      do {
        events.add(answer.next());
      } while (!(events.getLast() instanceof Event.Finished
          || events.getLast() instanceof Event.Failed));
    }
    return events;
  }

  private List<Event> talk() throws InterruptedException {
    return ask(new OutputMode.Chat(List.of(FORM)));
  }

  private static String failure(List<Event> events) {
    return assertInstanceOf(Event.Failed.class, events.getLast(), events::toString)
        .failure()
        .label();
  }

  @Test
  void each_request_takes_a_step_and_then_the_default_behaviour_returns() throws Exception {
    script("{'text': 'Hello'}, {'tool': 'form', 'arguments': {'title': 'a'}}");
    assertEquals(new Event.TextDelta("Hello"), talk().getFirst());
    Event.FunctionCalled called = assertInstanceOf(Event.FunctionCalled.class, talk().getFirst());
    assertEquals("{\"title\":\"a\"}", called.call().arguments());
    assertInstanceOf(Event.Finished.class, talk().getLast());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'error': 429, 'code': 'insufficient_quota'} | quota_exhausted",
        "{'error': 429, 'retry_after': 99} | rate_limited",
        "{'error': 500, 'should_retry': false} | faulty",
        "{'error': 500, 'times': 2} | faulty",
        "{'text': 'one two three'}, {'cut': true} | cut",
        "{'text': 'one two three', 'cut': true} | cut",
        "{'cut': true}, {'cut': true} | cut",
        "{'text': 'one', 'failed': 'server_error'} | faulty",
        "{'text': 'one', 'incomplete': 'max_output_tokens'} | incomplete",
        "{'refusal': 'No.'} | refused",
        "{'garbage': true} | garbled",
        "{'words': 1000000} | too_large",
      })
  void failures(String steps, String word) throws Exception {
    script(steps);
    assertEquals(word, failure(talk()));
  }

  @Test
  void structured_output_can_be_scripted_valid_or_invalid() throws Exception {
    script("{'json': {'title': 'a'}}, {'json': {'title': 7}}, {'json': 'no json'}");
    assertInstanceOf(
        Event.StructuredOutput.class, ask(new OutputMode.StructuredOutput(FORM)).getFirst());
    assertEquals("wrong_shape", failure(ask(new OutputMode.StructuredOutput(FORM))));
    assertEquals("wrong_shape", failure(ask(new OutputMode.StructuredOutput(FORM))));
  }

  @Test
  void pauses_can_be_scripted_before_and_within_an_answer() throws Exception {
    long begun = System.nanoTime();
    script("{'stall_ms': 100}, {'text': 'a b', 'stall_ms': 100, 'pace_ms': 10}, {'stall_ms': 100}");
    assertInstanceOf(Event.Finished.class, talk().getLast());
    assertInstanceOf(Event.Finished.class, talk().getLast());
    assertTrue(System.nanoTime() - begun >= Duration.ofMillis(300).toNanos());
  }

  @Test
  void an_outage_lasts_until_it_is_switched_off() throws Exception {
    call("POST", "/openai/script", "{\"down\": true}", 200);
    assertEquals(new Failure.Unreachable().label(), failure(talk()));
    call("POST", "/openai/script", "{\"down\": false}", 200);
    assertInstanceOf(Event.Finished.class, talk().getLast());
  }

  @Test
  void received_requests_are_listed_without_the_key() throws Exception {
    script("{'error': 500}, {'text': 'Hello'}");
    talk();
    // The fake records the outcome after it has sent the last event.
    Eventually.within(Duration.ofSeconds(30), () -> outcomeOfCall(1).equals("complete"));
    JsonNode calls = call("GET", "/openai/calls", "", 200).path("calls");
    assertEquals(2, calls.size());
    assertEquals(500, calls.path(0).path("status").intValue());
    assertEquals(
        "Hello", calls.path(1).path("request").path("input").path(0).path("content").stringValue());
    assertFalse(calls.toString().contains(FakeOpenAi.KEY));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"steps\": {}}",
        "{\"steps\": [7]}",
        "{\"steps\": [{\"txt\": \"a\"}]}",
        "{\"steps\": [{\"error\": 200}]}",
        "{\"steps\": [{\"text\": 7}]}",
        "{\"down\": 1}",
        "[]",
      })
  void invalid_scripts_are_rejected(String body) throws Exception {
    call("POST", "/openai/script", body, 400);
  }
}

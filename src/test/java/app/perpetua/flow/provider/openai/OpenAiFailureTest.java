package app.perpetua.flow.provider.openai;

import static app.perpetua.flow.provider.openai.OpenAiFixture.AGES;
import static app.perpetua.flow.provider.openai.OpenAiFixture.SOON;
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
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Ending.Kind;
import app.perpetua.flow.fake.OpenAiStep.Part;
import app.perpetua.flow.fake.OpenAiStep.Reply;
import app.perpetua.flow.harness.CapturedLog;
import app.perpetua.flow.harness.FreePort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which a turn can fail, over a real socket and without retries. */
class OpenAiFailureTest {
  private static final String DELTA =
      "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n";

  @AutoClose private final OpenAiFixture fixture = new OpenAiFixture(new Timeouts(AGES, AGES, 0));

  private final Timeouts shortSilence = new Timeouts(SOON, AGES, 0);

  @Test
  void down() throws Exception {
    fixture.server.down(true);
    assertEquals(new Failure.Unreachable(), fixture.failure());
    fixture.server.down(false);
    fixture.server.script(OpenAiStep.hangUp().resetting());
    assertEquals(new Failure.Unreachable(), fixture.failure());
  }

  @Test
  void a_refused_connection_is_unreachable() throws Exception {
    URI nowhere = URI.create("http://127.0.0.1:" + FreePort.find());
    OpenAi openAi = fixture.client(new Timeouts(AGES, AGES, 0), nowhere, FakeOpenAi.KEY);
    assertEquals(new Failure.Unreachable(), failure(all(openAi.stream(talk("Hello"), AGES))));
  }

  @Test
  void silence_in_mid_answer_is_a_read_timeout() throws Exception {
    fixture.server.script(OpenAiStep.say("one two three").pausing(Duration.ofHours(1)));
    List<Event> events = all(fixture.client(shortSilence).stream(talk("Hello"), AGES));
    assertTrue("one two three".startsWith(words(events)));
    assertEquals(new Failure.ReadTimeout(), failure(events));
    fixture.awaitOutcome(FakeOpenAi.Outcome.HUNG_UP);
  }

  @Test
  void the_limit_for_silence_is_the_configured_one() throws Exception {
    fixture.server.script(OpenAiStep.say("one two three").pausing(Duration.ofHours(1)));
    List<Event> events = all(fixture.configured(SOON).stream(talk("Hello"), AGES));
    assertEquals(new Failure.ReadTimeout(), failure(events));
  }

  @ParameterizedTest
  @ValueSource(strings = {": still here\n\n", "data:\n\n", "event: ping\r\ndata: \r\n\r\n"})
  void events_without_data_do_not_end_the_silence(String ping) throws Exception {
    String[] pieces =
        Stream.concat(Stream.of(DELTA), Stream.generate(() -> ping).limit(10_000))
            .toArray(String[]::new);
    fixture.server.script(OpenAiStep.events(pieces).slowly(Duration.ofMillis(10)));
    assertEquals(
        new Failure.ReadTimeout(),
        failure(all(fixture.client(shortSilence).stream(talk("Hello"), AGES))));
  }

  /** The limit for silence is shorter than both waits. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void the_first_word_is_awaited_until_the_deadline(boolean afterHeaders) throws Exception {
    OpenAiStep late =
        OpenAiStep.events(
            "data: {\"type\":\"response.created\",\"response\":{}}\n\n",
            ": thinking\n\n",
            DELTA + "data: {\"type\":\"response.completed\",\"response\":{}}\n\n");
    fixture.server.script(
        afterHeaders ? late.pausing(SOON.plus(SOON)) : late.after(SOON.plus(SOON)));
    List<Event> events = all(fixture.client(shortSilence).stream(talk("Hello"), AGES));
    assertEquals("Hi", words(events));
    finished(events);
    assertEquals(1, fixture.server.requests().size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_first_word_after_the_deadline_is_too_late(boolean afterHeaders) throws Exception {
    OpenAiStep late = OpenAiStep.events(": thinking\n\n", ": thinking\n\n", DELTA);
    Duration never = Duration.ofHours(1);
    fixture.server.script(afterHeaders ? late.pausing(never) : late.after(never));
    assertEquals(
        new Failure.DeadlineExceeded(), failure(all(fixture.openAi.stream(talk("Hello"), SOON))));
    assertEquals(1, fixture.server.requests().size());
  }

  @Test
  void a_deadline_before_the_response_is_exceeded() throws Exception {
    fixture.server.script(OpenAiStep.say("late").after(Duration.ofHours(1)));
    assertEquals(
        new Failure.DeadlineExceeded(), failure(all(fixture.openAi.stream(talk("Hello"), SOON))));
  }

  @Test
  void a_deadline_during_the_response_is_exceeded() throws Exception {
    fixture.server.script(OpenAiStep.say("word ".repeat(5_000)).slowly(Duration.ofMillis(20)));
    List<Event> events = all(fixture.openAi.stream(talk("Hello"), SOON));
    assertEquals(new Failure.DeadlineExceeded(), failure(events));
  }

  @Test
  void an_expired_deadline_fails_at_once() throws Exception {
    assertEquals(
        new Failure.DeadlineExceeded(),
        failure(all(fixture.openAi.stream(talk("Hello"), Duration.ZERO))));
  }

  @Test
  void a_connection_closed_within_an_event_is_interrupted() throws Exception {
    fixture.server.script(OpenAiStep.say("extraordinary things happen").cut());
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals(new Failure.Interrupted(), failure(events));
    assertTrue("extraordinary things happen".startsWith(words(events)));
    assertFalse(words(events).isEmpty());
  }

  @Test
  void a_connection_closed_before_the_last_event_is_interrupted() throws Exception {
    fixture.server.script(OpenAiStep.ending("Hello", Kind.NONE, ""));
    assertEquals(new Failure.Interrupted(), fixture.failure());
  }

  @ParameterizedTest
  @CsvSource({"rate_limit_exceeded", "slow_down", "requests", "tokens"})
  void a_rate_limit_is_rate_limited(String code) throws Exception {
    fixture.server.script(OpenAiStep.error(429, code, "Retry-After", "7"));
    assertEquals(new Failure.RateLimited(Duration.ofSeconds(7)), fixture.failure());
  }

  @ParameterizedTest
  @CsvSource({
    "429, insufficient_quota",
    "429, billing_not_active",
    "400, billing_hard_limit_reached",
    "401, account_deactivated"
  })
  void an_exhausted_quota_is_reported_as_such(int status, String code) throws Exception {
    fixture.server.script(OpenAiStep.error(status, code));
    assertEquals(new Failure.QuotaExhausted(), fixture.failure());
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 502, 503, 504, 529, 408, 409})
  void a_server_error_has_its_status(int status) throws Exception {
    fixture.server.script(OpenAiStep.error(status, "server_error"));
    assertEquals(new Failure.ServerError(status), fixture.failure());
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 400, 403, 404, 413, 422})
  void a_rejected_request_has_its_status(int status) throws Exception {
    fixture.server.script(OpenAiStep.error(status, "some_code"));
    assertEquals(new Failure.Rejected(status, "some_code"), fixture.failure());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>", "[]", "{\"error\":\"text\"}", "{\"error\":{\"code\":7}}"})
  void an_error_without_a_code_is_classified_by_its_status(String body) throws Exception {
    fixture.server.script(
        OpenAiStep.of(new Reply.Raw(500, "text/plain", body.getBytes(StandardCharsets.UTF_8))),
        OpenAiStep.of(new Reply.Raw(429, "text/plain", body.getBytes(StandardCharsets.UTF_8))));
    assertEquals(new Failure.ServerError(500), fixture.failure());
    assertEquals(new Failure.RateLimited(Duration.ZERO), fixture.failure());
  }

  @Test
  void an_endless_error_body_is_not_read_completely() throws Exception {
    fixture.server.script(
        OpenAiStep.of(new Reply.Raw(500, "text/plain", new byte[4 * 1024 * 1024])));
    assertEquals(new Failure.ServerError(500), fixture.failure());
    fixture.server.script(OpenAiStep.error(500, "x").pausing(Duration.ofHours(1)));
    assertEquals(
        new Failure.ServerError(500),
        failure(all(fixture.client(shortSilence).stream(talk("Hello"), AGES))));
  }

  @ParameterizedTest
  @EnumSource(names = {"FAILED", "ERROR", "NESTED_ERROR"})
  void errors_within_the_stream_are_classified(Kind kind) throws Exception {
    fixture.server.script(
        OpenAiStep.ending("one ", kind, "server_error"),
        OpenAiStep.ending("one ", kind, "rate_limit_exceeded"),
        OpenAiStep.ending("one ", kind, "invalid_prompt"),
        OpenAiStep.ending("one ", kind, "insufficient_quota"));
    assertEquals(new Failure.ServerError(0), fixture.failure());
    assertEquals(new Failure.RateLimited(Duration.ZERO), fixture.failure());
    assertEquals(new Failure.Rejected(0, "invalid_prompt"), fixture.failure());
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals("one ", words(events));
    assertEquals(new Failure.QuotaExhausted(), failure(events));
  }

  @Test
  void a_failed_turn_reports_its_usage() throws Exception {
    fixture.server.script(OpenAiStep.ending("one two ", Kind.INCOMPLETE, "max_output_tokens"));
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals(new Failure.Incomplete("max_output_tokens"), failure(events));
    assertEquals(2, ((Event.Failed) events.getLast()).usage().output());
  }

  @Test
  void a_refusal_of_the_model_is_refused() throws Exception {
    fixture.server.script(OpenAiStep.turn(new Part.Refusal("I cannot help with that.")));
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals(new Failure.Refused(), failure(events));
    assertEquals("", words(events));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: {<html>\n\n",
        "data: {\"type\":\"response.output_text.delta\",\n\n",
        "data: {\"type\":\"response.output_text.delta\"}\n\n",
        "data: {\"type\":\"response.completed\"}\n\n",
        "data: {\"type\":\"a\",\"type\":\"b\"}\n\n",
        "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\"}}\n\n",
      })
  void an_invalid_event_is_malformed(String stream) throws Exception {
    fixture.server.script(OpenAiStep.raw("text/event-stream", stream));
    assertInstanceOf(Failure.Malformed.class, fixture.failure());
  }

  @Test
  void endless_nesting_is_malformed() throws Exception {
    fixture.server.script(
        OpenAiStep.raw("text/event-stream", "data: {\"a\":" + "[".repeat(100_000) + "\n\n"));
    assertInstanceOf(Failure.Malformed.class, fixture.failure());
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", "application/json", ""})
  void a_response_of_another_content_type_is_malformed(String type) throws Exception {
    fixture.server.script(OpenAiStep.raw(type, "{\"type\":\"response.completed\"}"));
    assertInstanceOf(Failure.Malformed.class, fixture.failure());
  }

  @Test
  void a_response_that_is_not_http_is_malformed() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(
              () -> {
                try (Socket socket = listener.accept()) {
                  socket
                      .getOutputStream()
                      .write("220 mail ready\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                  socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                  // The client has disconnected, as expected.
                }
              });
      OpenAi openAi =
          fixture.client(
              new Timeouts(AGES, AGES, 0),
              URI.create("http://127.0.0.1:" + listener.getLocalPort()),
              FakeOpenAi.KEY);
      assertInstanceOf(Failure.Malformed.class, failure(all(openAi.stream(talk("Hello"), AGES))));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "not json | the arguments must be JSON",
        "[] | the value must be an object",
        "{} | subtasks is missing",
        "{\"subtasks\":[]} | subtasks must be a list (1 to 4 elements)",
        "{\"subtasks\":[{}]} | subtasks[0].title is missing",
        "{\"subtasks\":[{\"title\":\"\"}]} | subtasks[0].title must be a string (1 to 40 characters)",
        "{\"subtasks\":[{\"title\":\"a\",\"x\":1}]} | subtasks[0] has unknown members",
      })
  void output_that_does_not_match_the_schema_has_the_wrong_shape(String form, String why)
      throws Exception {
    fixture.server.script(OpenAiStep.form(form));
    List<Event> events = fixture.all(prompt("Split it", new OutputMode.StructuredOutput(STEPS)));
    assertEquals(1, events.size());
    assertEquals(new Failure.WrongShape(why), failure(events));
    assertTrue(((Event.Failed) events.getLast()).usage().output() > 0);
  }

  @Test
  void no_output_and_several_outputs_have_the_wrong_shape() throws Exception {
    fixture.server.script(
        OpenAiStep.say("I would rather talk."),
        OpenAiStep.call("another", "{}"),
        OpenAiStep.turn(
            new Part.Form("{\"subtasks\":[{\"title\":\"a\"}]}"),
            new Part.Form("{\"subtasks\":[{\"title\":\"b\"}]}")));
    for (int i = 0; i < 3; i++) {
      assertEquals(
          new Failure.WrongShape("call subtasks exactly once"),
          failure(fixture.all(prompt("Split it", new OutputMode.StructuredOutput(STEPS)))));
    }
  }

  @Test
  void text_is_bounded() throws Exception {
    fixture.server.script(OpenAiStep.of(new Reply.Flood(1_000_000)));
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals(new Failure.TooLarge(), failure(events));
    assertTrue(words(events).length() <= ResponseParser.MAX_TEXT);
    fixture.awaitOutcome(FakeOpenAi.Outcome.HUNG_UP);
  }

  @Test
  void events_are_bounded() throws Exception {
    fixture.server.script(
        OpenAiStep.raw("text/event-stream", "data: " + "x".repeat(ModelExchange.MAX_EVENT)));
    assertEquals(new Failure.TooLarge(), fixture.failure());
  }

  @Test
  void calls_and_arguments_are_bounded() throws Exception {
    fixture.server.script(
        OpenAiStep.turn(
            Collections.nCopies(
                    ResponseParser.MAX_CALLS + 1, (Part) new Part.Call("create_task", "{}"))
                .toArray(Part[]::new)),
        OpenAiStep.call("create_task", "x".repeat(ResponseParser.MAX_TEXT + 1)));
    assertEquals(new Failure.TooLarge(), fixture.failure());
    assertEquals(new Failure.TooLarge(), fixture.failure());
  }

  @Test
  void promise_27_neither_key_nor_text_is_ever_logged_or_printed() throws Exception {
    try (CapturedLog log = new CapturedLog("app.perpetua.flow.provider.openai")) {
      OpenAi wrong =
          fixture.client(
              new Timeouts(AGES, AGES, 0), fixture.server.baseUrl(), FakeOpenAi.KEY + "-secret");
      List<Event> events = all(wrong.stream(talk("private words"), AGES));
      assertEquals(new Failure.Rejected(401, "invalid_api_key"), failure(events));
      fixture.server.script(OpenAiStep.ending("secret answer", Kind.FAILED, "server_error"));
      fixture.all(talk("private words"));
      List<String> logged = log.lines();
      assertEquals(2, logged.size(), logged::toString);
      assertTrue(logged.getFirst().contains("provider_request_id=req_0"), logged::toString);
      assertTrue(logged.getFirst().contains("invalid_api_key"), logged::toString);
      String all = logged + events.toString() + talk("private words");
      for (String secret : List.of(FakeOpenAi.KEY, "private", "secret answer", "Something")) {
        assertFalse(all.contains(secret), all);
      }
    }
  }
}

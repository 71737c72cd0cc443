package app.perpetua.flow.provider.openai;

import static app.perpetua.flow.provider.openai.OpenAiFixture.AGES;
import static app.perpetua.flow.provider.openai.OpenAiFixture.STEPS;
import static app.perpetua.flow.provider.openai.OpenAiFixture.all;
import static app.perpetua.flow.provider.openai.OpenAiFixture.failure;
import static app.perpetua.flow.provider.openai.OpenAiFixture.finished;
import static app.perpetua.flow.provider.openai.OpenAiFixture.prompt;
import static app.perpetua.flow.provider.openai.OpenAiFixture.talk;
import static app.perpetua.flow.provider.openai.OpenAiFixture.words;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Ending.Kind;
import app.perpetua.flow.fake.OpenAiStep.Part;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OpenAiRetryTest {
  @AutoClose private final OpenAiFixture fixture = new OpenAiFixture();

  static Stream<OpenAiStep> passing() {
    return Stream.of(
        OpenAiStep.hangUp(),
        OpenAiStep.error(408, "timeout"),
        OpenAiStep.error(409, "conflict"),
        OpenAiStep.error(429, "rate_limit_exceeded"),
        OpenAiStep.error(429, "slow_down", "Retry-After-Ms", "3"),
        OpenAiStep.error(500, "server_error"),
        OpenAiStep.error(503, "server_error"),
        OpenAiStep.error(400, "odd", "x-should-retry", "true"),
        OpenAiStep.say("Never read").cutAt(0),
        OpenAiStep.say("Never read").cutAt(300),
        OpenAiStep.ending("", Kind.FAILED, "server_error"),
        OpenAiStep.ending("", Kind.ERROR, "rate_limit_exceeded"),
        OpenAiStep.call("create_task", "{}").cut());
  }

  @ParameterizedTest
  @MethodSource("passing")
  void transient_failures_are_retried_once(OpenAiStep step) throws Exception {
    fixture.server.script(step, OpenAiStep.say("Here I am"));
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals("Here I am", words(events));
    finished(events);
    assertEquals(2, fixture.server.asked().size());
    assertEquals(
        fixture.server.asked().get(0).body(), fixture.server.asked().get(1).body(), "word by word");
  }

  static Stream<OpenAiStep> lasting() {
    return Stream.of(
        OpenAiStep.error(400, "odd"),
        OpenAiStep.error(403, "forbidden"),
        OpenAiStep.error(429, "insufficient_quota"),
        OpenAiStep.error(429, "insufficient_quota", "x-should-retry", "true"),
        OpenAiStep.error(500, "server_error", "x-should-retry", "false"),
        OpenAiStep.ending("", Kind.INCOMPLETE, "content_filter"),
        OpenAiStep.ending("", Kind.FAILED, "insufficient_quota"),
        OpenAiStep.turn(new Part.Refusal("No.")),
        OpenAiStep.raw("text/html", "<html>"),
        OpenAiStep.say("One two three four").cut(),
        OpenAiStep.ending("One", Kind.ERROR, "server_error"));
  }

  @ParameterizedTest
  @MethodSource("lasting")
  void what_does_not_pass_or_has_been_heard_is_not_tried_again(OpenAiStep step) throws Exception {
    fixture.server.script(step, OpenAiStep.say("Here I am"));
    failure(fixture.all(talk("Hello")));
    assertEquals(1, fixture.server.asked().size());
  }

  @Test
  void a_form_that_was_cut_is_asked_for_again() throws Exception {
    String form = "{\"subtasks\":[{\"title\":\"Whole\"}]}";
    fixture.server.script(OpenAiStep.form(form).cut(), OpenAiStep.form(form));
    List<Event> events = fixture.all(prompt("Split it", new OutputMode.StructuredOutput(STEPS)));
    assertInstanceOf(Event.StructuredOutput.class, events.getFirst());
    finished(events);
  }

  @Test
  void twice_is_enough() throws Exception {
    fixture.server.script(OpenAiStep.error(500, "server_error").times(9));
    assertEquals(new Failure.ServerError(500), fixture.failure());
    assertEquals(2, fixture.server.asked().size());
    assertEquals(
        1.0, fixture.registry.get("provider.retries").tag("failure", "faulty").counter().count());
  }

  @Test
  void silence_is_tried_again() throws Exception {
    // One of the four that follow has to come in time, on any machine.
    Duration timeouts = Duration.ofSeconds(2);
    OpenAi openAi = fixture.client(new Timeouts(timeouts, AGES, Duration.ofMillis(1), 4));
    fixture.server.script(
        OpenAiStep.say("late").after(Duration.ofHours(1)), OpenAiStep.say("Here I am").times(4));
    assertEquals("Here I am", words(all(openAi.stream(talk("Hello"), AGES))));
  }

  @Test
  void a_provider_that_asks_to_wait_is_obeyed() throws Exception {
    fixture.server.script(
        OpenAiStep.error(429, "rate_limit_exceeded", "Retry-After-Ms", "300", "Retry-After", "99"),
        OpenAiStep.say("Here I am"));
    long begun = System.nanoTime();
    finished(fixture.all(talk("Hello")));
    assertTrue(System.nanoTime() - begun >= Duration.ofMillis(300).toNanos());
  }

  @Test
  void a_wait_that_does_not_fit_is_told_instead() throws Exception {
    fixture.server.script(OpenAiStep.error(429, "rate_limit_exceeded", "Retry-After", "29.5"));
    assertEquals(
        new Failure.RateLimited(Duration.ofMillis(29_500)),
        failure(all(fixture.openAi.stream(talk("Hello"), Duration.ofSeconds(30)))));
    assertEquals(1, fixture.server.asked().size());
  }

  @Test
  void rests_are_spread_from_half_to_whole() {
    Duration rest = Duration.ofMillis(500);
    for (int i = 0; i < 1_000; i++) {
      Duration spread = fixture.openAi.jitter(rest);
      assertTrue(spread.compareTo(rest) <= 0 && spread.multipliedBy(2).compareTo(rest) >= 0);
    }
    assertTrue(
        Stream.generate(() -> fixture.openAi.jitter(rest)).limit(20).distinct().count() > 10);
  }

  @Test
  void after_repeated_failures_nobody_is_asked_for_a_while() throws Exception {
    fixture.server.down(true);
    for (int i = 0; i < 2; i++) {
      assertEquals(new Failure.Unreachable(), fixture.failure());
    }
    assertState("closed");
    assertInstanceOf(Failure.Paused.class, fixture.failure(), "the fifth has opened it");
    assertEquals(5, fixture.server.asked().size());
    assertState("open");
    Failure.Paused paused = assertInstanceOf(Failure.Paused.class, fixture.failure());
    assertTrue(paused.retryAfter().compareTo(Duration.ofSeconds(20)) > 0);
    assertEquals(5, fixture.server.asked().size());

    fixture.server.down(false);
    fixture.clock.advance(Duration.ofSeconds(30));
    finished(fixture.all(talk("Hello")));
    assertState("closed");
  }

  @Test
  void an_empty_account_is_not_asked_twice() throws Exception {
    fixture.server.script(OpenAiStep.error(429, "insufficient_quota"));
    assertEquals(new Failure.QuotaExhausted(), fixture.failure());
    assertInstanceOf(Failure.Paused.class, fixture.failure());
    assertEquals(1, fixture.server.asked().size());
  }

  @Test
  void what_is_not_the_providers_fault_opens_nothing() throws Exception {
    fixture.server.script(OpenAiStep.error(400, "context_length_exceeded").times(10));
    for (int i = 0; i < 10; i++) {
      assertEquals(new Failure.Rejected(400, "context_length_exceeded"), fixture.failure());
    }
    assertState("closed");
  }

  private void assertState(String state) {
    assertEquals(
        1.0,
        fixture
            .registry
            .get("provider.breaker")
            .tags("provider", "openai", "state", state)
            .gauge()
            .value());
  }
}

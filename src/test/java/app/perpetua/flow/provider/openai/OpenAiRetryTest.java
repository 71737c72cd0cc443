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

  static Stream<OpenAiStep> transientFailures() {
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
  @MethodSource("transientFailures")
  void transient_failures_are_retried_once(OpenAiStep step) throws Exception {
    fixture.server.script(step, OpenAiStep.say("Here I am"));
    List<Event> events = fixture.all(talk("Hello"));
    assertEquals("Here I am", words(events));
    finished(events);
    assertEquals(2, fixture.server.requests().size());
    assertEquals(
        fixture.server.requests().get(0).body(),
        fixture.server.requests().get(1).body(),
        "the same body");
  }

  static Stream<OpenAiStep> permanentFailures() {
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
  @MethodSource("permanentFailures")
  void permanent_failures_and_failures_after_text_are_not_retried(OpenAiStep step)
      throws Exception {
    fixture.server.script(step, OpenAiStep.say("Here I am"));
    failure(fixture.all(talk("Hello")));
    assertEquals(1, fixture.server.requests().size());
  }

  @Test
  void interrupted_structured_output_is_retried() throws Exception {
    String form = "{\"subtasks\":[{\"title\":\"Whole\"}]}";
    fixture.server.script(OpenAiStep.form(form).cut(), OpenAiStep.form(form));
    List<Event> events = fixture.all(prompt("Split it", new OutputMode.StructuredOutput(STEPS)));
    assertInstanceOf(Event.StructuredOutput.class, events.getFirst());
    finished(events);
  }

  @Test
  void a_second_failure_is_not_retried() throws Exception {
    fixture.server.script(OpenAiStep.error(500, "server_error").times(9));
    assertEquals(new Failure.ServerError(500), fixture.failure());
    assertEquals(2, fixture.server.requests().size());
    assertEquals(
        1.0, fixture.registry.get("provider.retries").tag("failure", "faulty").counter().count());
  }

  @Test
  void silence_before_the_first_text_is_retried() throws Exception {
    // One of the four retries arrives in time on any machine.
    OpenAi openAi = fixture.client(new Timeouts(OpenAiFixture.SOON, Duration.ofMillis(1), 4));
    fixture.server.script(
        OpenAiStep.call("create_task", "{\"title\": \"" + "x".repeat(100) + "\"}")
            .pausing(Duration.ofHours(1)),
        OpenAiStep.say("Here I am").times(4));
    assertEquals("Here I am", words(all(openAi.stream(talk("Hello"), AGES))));
  }

  @Test
  void retry_after_determines_the_backoff() throws Exception {
    fixture.server.script(
        OpenAiStep.error(429, "rate_limit_exceeded", "Retry-After-Ms", "300", "Retry-After", "99"),
        OpenAiStep.say("Here I am"));
    long begun = System.nanoTime();
    finished(fixture.all(talk("Hello")));
    assertTrue(System.nanoTime() - begun >= Duration.ofMillis(300).toNanos());
  }

  @Test
  void a_retry_after_beyond_the_deadline_is_reported_at_once() throws Exception {
    fixture.server.script(OpenAiStep.error(429, "rate_limit_exceeded", "Retry-After", "29.5"));
    assertEquals(
        new Failure.RateLimited(Duration.ofMillis(29_500)),
        failure(all(fixture.openAi.stream(talk("Hello"), Duration.ofSeconds(30)))));
    assertEquals(1, fixture.server.requests().size());
  }

  @Test
  void jitter_is_between_half_and_all_of_the_backoff() {
    Duration backoff = Duration.ofMillis(500);
    for (int i = 0; i < 1_000; i++) {
      Duration jittered = fixture.openAi.jitter(backoff);
      assertTrue(
          jittered.compareTo(backoff) <= 0 && jittered.multipliedBy(2).compareTo(backoff) >= 0);
    }
    assertTrue(
        Stream.generate(() -> fixture.openAi.jitter(backoff)).limit(20).distinct().count() > 10);
  }

  @Test
  void repeated_failures_open_the_circuit_breaker() throws Exception {
    fixture.server.down(true);
    for (int i = 0; i < 2; i++) {
      assertEquals(new Failure.Unreachable(), fixture.failure());
    }
    assertState("closed");
    assertInstanceOf(
        Failure.Paused.class, fixture.failure(), "the fifth failure opens the breaker");
    assertEquals(5, fixture.server.requests().size());
    assertState("open");
    Failure.Paused paused = assertInstanceOf(Failure.Paused.class, fixture.failure());
    assertTrue(paused.retryAfter().compareTo(Duration.ofSeconds(20)) > 0);
    assertEquals(5, fixture.server.requests().size());

    fixture.server.down(false);
    fixture.clock.advance(Duration.ofSeconds(30));
    finished(fixture.all(talk("Hello")));
    assertState("closed");
  }

  @Test
  void a_provider_that_never_answers_opens_the_circuit_breaker() throws Exception {
    Duration deadline = Duration.ofMillis(100);
    fixture.server.script(OpenAiStep.say("late").after(Duration.ofHours(1)).times(10));
    for (int i = 0; i < 5; i++) {
      assertEquals(
          new Failure.DeadlineExceeded(),
          failure(all(fixture.openAi.stream(talk("Hello"), deadline))));
    }
    assertState("closed");
    OpenAi shortSilence = fixture.client(new Timeouts(deadline, AGES, 0));
    for (int i = 0; i < 5; i++) {
      assertEquals(
          new Failure.DeadlineExceeded(),
          failure(all(shortSilence.stream(talk("Hello"), deadline.plusMillis(1)))));
    }
    assertInstanceOf(Failure.Paused.class, failure(all(shortSilence.stream(talk("Hello"), AGES))));
  }

  @Test
  void an_exhausted_quota_opens_the_circuit_breaker_at_once() throws Exception {
    fixture.server.script(OpenAiStep.error(429, "insufficient_quota"));
    assertEquals(new Failure.QuotaExhausted(), fixture.failure());
    assertInstanceOf(Failure.Paused.class, fixture.failure());
    assertEquals(1, fixture.server.requests().size());
  }

  @Test
  void failures_that_are_not_the_providers_do_not_open_the_circuit_breaker() throws Exception {
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

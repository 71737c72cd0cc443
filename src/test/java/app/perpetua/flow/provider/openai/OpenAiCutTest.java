package app.perpetua.flow.provider.openai;

import static app.perpetua.flow.provider.openai.OpenAiFixture.AGES;
import static app.perpetua.flow.provider.openai.OpenAiFixture.CREATE;
import static app.perpetua.flow.provider.openai.OpenAiFixture.all;
import static app.perpetua.flow.provider.openai.OpenAiFixture.failure;
import static app.perpetua.flow.provider.openai.OpenAiFixture.finished;
import static app.perpetua.flow.provider.openai.OpenAiFixture.talk;
import static app.perpetua.flow.provider.openai.OpenAiFixture.words;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A recorded stream, cut at every byte, over a real socket. */
class OpenAiCutTest {
  private static final String TEXT = "Grüße 👩‍🚀 😀.";
  private static final Timeouts ONCE = new Timeouts(AGES, AGES, 0);

  @AutoClose private final OpenAiFixture fixture = new OpenAiFixture(ONCE);

  private static byte[] recorded() throws IOException {
    try (InputStream in = OpenAiCutTest.class.getResourceAsStream("/openai/turn.sse")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }

  private List<Event> read(OpenAiStep step) throws InterruptedException {
    fixture.server.script(step);
    // A new client each time, because the failures would open the breaker.
    return all(fixture.client(ONCE).stream(talk("Hello", CREATE), AGES));
  }

  private static OpenAiStep step(byte[] body) {
    return OpenAiStep.of(new Reply.Raw(200, "text/event-stream", body));
  }

  @Test
  void a_complete_response_is_a_turn() throws Exception {
    List<Event> events = read(step(recorded()));
    assertEquals(TEXT, words(events));
    assertEquals(37, finished(events).usage().input());
    assertEquals(
        "{\"title\":\"Blumen gießen\"}",
        ((Event.FunctionCalled) events.get(events.size() - 2)).call().arguments());
  }

  @Test
  void a_response_cut_at_any_byte_is_a_prefix_and_a_failure() throws Exception {
    byte[] recorded = recorded();
    String before = "";
    for (int i = 0; i < recorded.length; i++) {
      List<Event> events = read(step(recorded).cutAt(i));
      String words = words(events);
      // A response cut right after its headers may end before the client has read them.
      boolean withoutHeaders = words.isEmpty() && failure(events) instanceof Failure.Unreachable;
      assertTrue(withoutHeaders || failure(events) instanceof Failure.Interrupted, "at byte " + i);
      assertTrue(TEXT.startsWith(words) && words.startsWith(before), "at byte " + i);
      assertTrue(
          events.stream().noneMatch(Event.FunctionCalled.class::isInstance),
          "half a turn calls nothing");
      before = words;
    }
    assertEquals(TEXT, before);
    finished(read(step(recorded).cutAt(recorded.length)));
  }

  @Test
  void a_connection_reset_at_any_byte_is_a_prefix_and_a_failure() throws Exception {
    byte[] recorded = recorded();
    for (int i = 0; i < recorded.length; i += 41) {
      List<Event> events = read(step(recorded).cutAt(i).resetting());
      Failure failure = failure(events);
      assertTrue(
          failure instanceof Failure.Interrupted || failure instanceof Failure.Unreachable,
          "at byte " + i + ": " + failure);
      assertTrue(TEXT.startsWith(words(events)), "at byte " + i);
    }
  }
}

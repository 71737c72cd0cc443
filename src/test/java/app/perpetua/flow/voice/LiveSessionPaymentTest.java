package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.WebmFile;
import app.perpetua.flow.voice.FakeVoices.Client.Closed;
import app.perpetua.flow.voice.Transcriber.StreamEnd;
import app.perpetua.flow.voice.Transcriber.Word;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Words are delivered only if their minutes are paid for. The user's credits pay two minutes. */
class LiveSessionPaymentTest extends LiveSessionsFixture {
  private void assertPaid(int minutes, int seconds, String transcript) throws Exception {
    assertEquals("INSUFFICIENT_CREDITS", client.next("error").get("code").stringValue());
    JsonNode complete = client.next("complete");
    assertEquals(transcript, complete.get("full_transcript").stringValue());
    assertEquals(seconds, complete.get("duration_seconds").intValue());
    assertEquals(minutes * 5, complete.get("credits_used").intValue());
    assertEquals(new Closed(4402, "insufficient_credits"), client.closed());
    awaitNoSessions();
    Map<String, @Nullable Object> record = record();
    assertEquals("insufficient_credits", record.get("end_reason"));
    assertEquals(transcript, record.get("full_transcript"));
    assertEquals(seconds, record.get("duration_seconds"));
    assertEquals(minutes * 5, record.get("credits_used"));
  }

  private void assertTranscript(String text) throws InterruptedException {
    assertEquals(text, client.next("transcript").get("text").stringValue());
  }

  @Test
  void FR_033_a_minute_is_paid_before_its_words_are_delivered() throws Exception {
    speaking();
    provider.result("One.", true, 0, 60);
    assertTranscript("One.");
    assertEquals(1, consumed());
    client.onMessage = () -> assertEquals(2, consumed());
    provider.result("Two.", true, 60, 90);
    assertTranscript("Two.");
    client.onMessage = () -> {};
    provider.result("Three.", true, 90, 121);
    provider.result("Four.", true, 121, 125);
    assertPaid(2, 120, "One. Two.");
  }

  @Test
  void FR_033_a_result_of_several_minutes_takes_the_credits_that_there_are() throws Exception {
    speaking();
    provider.result(
        "One, two, three.",
        true,
        0,
        170,
        new Word("One,", 50),
        new Word("two,", 120),
        new Word("three.", 121));
    assertPaid(2, 120, "One, two,");
  }

  @Test
  void FR_033_the_end_records_the_paid_words_of_the_result_that_took_the_last_credits()
      throws Exception {
    speaking();
    Thread provided = Thread.currentThread();
    AtomicInteger reads = new AtomicInteger();
    // The session ends while the provider's thread checks the limits: first credits, then length.
    onTime =
        () -> {
          if (Thread.currentThread().equals(provided)
              && consumed() == 2
              && reads.incrementAndGet() == 2) {
            awaitNoSessions();
          }
        };
    provider.result("One, two, three.", true, 0, 170, new Word("One,", 50), new Word("two,", 120));
    onTime = () -> {};
    assertPaid(2, 120, "One, two,");
  }

  @Test
  void FR_033_the_last_paid_interim_words_replace_a_result_without_times() throws Exception {
    speaking();
    provider.result("One", false, 0, 100);
    assertTranscript("One");
    provider.result("One two", false, 0, 121);
    provider.result("One, two.", true, 0, 130);
    assertPaid(2, 120, "One");
  }

  @Test
  void FR_033_results_after_the_end_of_the_stream_are_paid_as_well() throws Exception {
    LiveSession session = speaking();
    provider.onFinish =
        () -> {
          provider.result("One.", true, 0, 59);
          provider.result("Two.", true, 59, 99);
          provider.result("Three.", true, 99, 130);
          provider.end(StreamEnd.COMPLETED);
        };
    session.end(EndReason.CLIENT_DONE);
    assertTranscript("One.");
    assertTranscript("Two.");
    assertPaid(2, 120, "One. Two.");
  }

  @Test
  void FR_036_results_beyond_the_maximum_end_the_session_with_what_fits() throws Exception {
    VoiceFixture.grant(database, user, 50, 0);
    LiveSession session = speaking();
    provider.onFinish =
        () -> {
          provider.result("Much.", true, 0, 299);
          provider.result("Too much.", true, 299, 310);
          provider.end(StreamEnd.COMPLETED);
        };
    session.end(EndReason.CLIENT_DONE);
    assertTranscript("Much.");
    assertEquals("MAX_DURATION_EXCEEDED", client.next("error").get("code").stringValue());
    JsonNode complete = client.next("complete");
    assertEquals("Much.", complete.get("full_transcript").stringValue());
    assertEquals(300, complete.get("duration_seconds").intValue());
    assertEquals(25, complete.get("credits_used").intValue());
    assertEquals(new Closed(4408, "max_duration"), client.closed());
    awaitNoSessions();
  }

  @Test
  void FR_033_fast_audio_is_charged_by_its_timestamps_before_there_are_results() throws Exception {
    List<byte[]> pieces = WebmFile.pieces(1_300);
    LiveSession session = connected();
    for (int i = 0; i < 610; i++) {
      session.audio(pieces.get(i));
    }
    assertEquals(1, consumed());
    session.audio(pieces.get(610));
    assertEquals(2, consumed());
    int paid = pieces.subList(0, 1_211).stream().mapToInt(piece -> piece.length).sum();
    for (int i = 611; i < pieces.size(); i++) {
      session.audio(pieces.get(i));
    }
    assertPaid(2, 120, "");
    assertEquals(paid, provider.received.size());
  }

  @Test
  void FR_033_slow_audio_of_an_unpaid_minute_is_not_relayed() throws Exception {
    LiveSession session = speaking();
    advanceWithPongs(Duration.ofSeconds(61));
    session.audio(PIECES.get(1));
    assertEquals(2, consumed());
    int relayed = provider.received.size();
    advanceWithPongs(Duration.ofSeconds(60));
    session.audio(PIECES.get(2));
    assertPaid(2, 120, "");
    assertEquals(relayed, provider.received.size());
  }

  @Test
  void FR_033_words_of_a_minute_that_cannot_be_charged_yet_are_withheld() throws Exception {
    LiveSession session = speaking();
    provider.result("One.", true, 0, 60);
    assertTranscript("One.");
    pool.failures.set(1);
    provider.result("Two.", true, 60, 70);
    assertEquals(0, client.messages.size());
    assertEquals(1, consumed());
    JsonNode complete = complete(session);
    assertEquals("One. Two.", complete.get("full_transcript").stringValue());
    assertEquals(10, complete.get("credits_used").intValue());
  }

  // Interim words

  @ParameterizedTest
  @EnumSource(
      value = EndReason.class,
      names = {"UNREACHABLE", "NOT_AUDIO", "UNDECODABLE", "TAKEN_OVER", "PROCESS_LOST"},
      mode = EnumSource.Mode.EXCLUDE)
  void the_last_interim_words_are_kept_however_the_session_ends(EndReason reason) throws Exception {
    LiveSession session = speaking();
    provider.result("Hel", false, 0, 1);
    provider.result("Hello.", true, 0, 2);
    provider.result("wor", false, 2, 3);
    provider.result("world", false, 2, 4);
    session.end(reason);
    client.closed();
    awaitNoSessions();
    assertEquals("Hello. world", record().get("full_transcript"));
    assertEquals(5, record().get("credits_used"));
  }

  @Test
  void interim_words_end_with_a_final_result_for_their_audio() throws Exception {
    LiveSession session = speaking();
    provider.result("uh", false, 0, 2);
    provider.result("", false, 0, 3);
    provider.result("", true, 0, 3);
    provider.result("Hello", false, 3, 4);
    provider.result("", true, 4, 5);
    session.end(EndReason.PROVIDER_LOST);
    client.closed();
    awaitNoSessions();
    assertEquals("Hello", record().get("full_transcript"));
    assertTrue(
        client.messages.stream()
            .noneMatch(message -> message.path("text").asString("x").isEmpty()));
  }
}

package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static app.perpetua.flow.voice.VoiceFixture.awaitMessages;
import static app.perpetua.flow.voice.VoiceFixture.movements;
import static app.perpetua.flow.voice.VoiceFixture.onlyEnded;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.DeepgramStreamFake;
import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.fake.Frames;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.MovableNanos;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * Promise 18: whatever either side does, the session ends, is billed for its started minutes once,
 * and what was heard is kept.
 */
class VoiceFaultsTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(40);
  private static final MovableNanos nanos = new MovableNanos();

  private static final VoiceTiming TIMING =
      new VoiceTiming(
          VoiceFixture.AUTHENTICATE,
          VoiceFixture.SILENCE,
          Duration.ofMillis(300),
          TIMEOUT,
          LIMIT,
          LIMIT,
          Duration.ofSeconds(30),
          Duration.ofMillis(20),
          nanos);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with(TIMING);

  private final TestService.Session user = service.newPro();

  @AfterEach
  void invariants() {
    service.deepgram().recover();
    Invariants.check(database);
  }

  private RawVoiceClient speaking(Step... further) throws IOException {
    Step[] steps = new Step[further.length + 1];
    steps[0] = new Step.Final("This was heard.");
    System.arraycopy(further, 0, steps, 1, further.length);
    service.deepgram().script(steps);
    RawVoiceClient talk = new RawVoiceClient(service.port(), "?token=" + user.accessToken());
    assertEquals("connected", talk.next().get("type").stringValue());
    talk.frames().write(Frames.BINARY, true, PIECES.get(0));
    assertEquals("This was heard.", talk.next().get("text").stringValue());
    return talk;
  }

  private JsonNode billed(String reason) throws InterruptedException {
    JsonNode record = onlyEnded(user);
    assertEquals(reason, record.get("end_reason").stringValue());
    assertEquals("This was heard.", record.get("full_transcript").stringValue());
    assertEquals(5, record.get("credits_used").intValue());
    assertEquals(1, movements(database, user.userId(), "consume"));
    assertEquals(0, movements(database, user.userId(), "refund"));
    assertTrue(service.deepgram().latest().awaitEnd(LIMIT), "the provider's side is closed");
    return record;
  }

  @Test
  void promise_18_a_client_that_resets_the_connection() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.reset();
      billed("client_gone");
    }
  }

  @Test
  void promise_18_a_client_that_closes_in_mid_sentence() throws Exception {
    try (RawVoiceClient talk = speaking(new Step.Final("And the rest."))) {
      talk.frames().close(1000, "");
      JsonNode record = onlyEnded(user);
      assertEquals("client_gone", record.get("end_reason").stringValue());
      assertEquals("This was heard. And the rest.", record.get("full_transcript").stringValue());
    }
  }

  /** Reads nothing, answers no ping, and sends nothing. */
  @Test
  void promise_18_a_client_that_is_frozen() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      nanos.advance(TIMEOUT.plusMillis(1));
      billed("client_gone");
      assertEquals(1006, talk.closeCode());
    }
  }

  @Test
  void promise_18_a_provider_that_resets_the_connection() throws Exception {
    try (RawVoiceClient talk = speaking(new Step.Reset())) {
      talk.frames().write(Frames.BINARY, true, PIECES.get(1));
      assertEquals("TRANSCRIPTION_FAILED", talk.next().get("code").stringValue());
      assertEquals(4502, talk.closeCode());
      billed("provider_gone");
    }
  }

  @Test
  void promise_18_a_provider_that_gives_up() throws Exception {
    try (RawVoiceClient talk = speaking(new Step.Close(1011, "NET-0000"))) {
      talk.frames().write(Frames.BINARY, true, PIECES.get(1));
      assertEquals("TRANSCRIPTION_FAILED", talk.next().get("code").stringValue());
      assertEquals(4502, talk.closeCode());
      billed("provider_gone");
    }
  }

  @Test
  void promise_18_a_provider_that_is_frozen() throws Exception {
    try (RawVoiceClient talk = speaking(new Step.Freeze())) {
      talk.frames().write(Frames.BINARY, true, PIECES.get(1));
      awaitMessages(service.deepgram().latest(), 2);
      // The client shows that it lives each time, the provider does not.
      nanos.advance(TIMEOUT.dividedBy(2));
      talk.ping();
      nanos.advance(TIMEOUT.dividedBy(2).plusMillis(1));
      assertEquals("TRANSCRIPTION_FAILED", talk.next().get("code").stringValue());
      assertEquals(4502, talk.closeCode());
    }
    JsonNode record = onlyEnded(user);
    assertEquals("provider_gone", record.get("end_reason").stringValue());
    assertEquals("This was heard.", record.get("full_transcript").stringValue());
    assertEquals(1, movements(database, user.userId(), "consume"));
  }

  /** More than the system's buffers take, within the time that a sign of life may take. */
  @Test
  void promise_18_a_provider_that_does_not_keep_up() throws Exception {
    service.deepgram().script(new Step.Final("This was heard."), new Step.Freeze());
    try (RawVoiceClient talk = new RawVoiceClient(service.port(), "?token=" + user.accessToken())) {
      talk.next();
      talk.frames().write(Frames.BINARY, true, PIECES.get(0));
      talk.next();
      byte[] much = new byte[32 * 1024];
      try {
        for (int i = 0; i < 450; i++) {
          talk.frames().write(Frames.BINARY, true, much);
        }
      } catch (IOException e) {
        // It was told so already.
      }
      JsonNode record = onlyEnded(user);
      assertEquals("provider_slow", record.get("end_reason").stringValue());
      assertEquals("This was heard.", record.get("full_transcript").stringValue());
      assertEquals(5, record.get("credits_used").intValue());
    }
  }

  @Test
  void promise_18_a_message_that_is_too_large() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(Frames.BINARY, true, new byte[32 * 1024 + 1]);
      assertEquals("PAYLOAD_TOO_LARGE", talk.next().get("code").stringValue());
      assertEquals(4413, talk.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void promise_18_a_frame_beyond_all_measure() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(Frames.BINARY, true, new byte[300 * 1024]);
      assertEquals("PAYLOAD_TOO_LARGE", talk.next().get("code").stringValue());
      assertEquals(4413, talk.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void promise_18_fragments_without_end() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(Frames.BINARY, false, new byte[1024]);
      for (int i = 0; i < 32; i++) {
        talk.frames().write(Frames.CONTINUATION, false, new byte[1024]);
      }
      assertEquals("PAYLOAD_TOO_LARGE", talk.next().get("code").stringValue());
      assertEquals(4413, talk.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void fragments_of_one_message_arrive_as_one() throws Exception {
    try (RawVoiceClient talk = speaking(new Step.Final("Whole."))) {
      talk.frames().write(Frames.BINARY, false, new byte[500]);
      talk.frames().write(Frames.CONTINUATION, false, new byte[500]);
      talk.frames().write(Frames.CONTINUATION, true, new byte[500]);
      assertEquals("Whole.", talk.next().get("text").stringValue());
      DeepgramStreamFake stream = service.deepgram().latest();
      awaitMessages(stream, 2);
      assertEquals(PIECES.get(0).length + 1_500, stream.bytes());
    }
  }

  @Test
  void promise_18_empty_fragments_without_end() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(Frames.BINARY, false, new byte[0]);
      flood(talk, Frames.CONTINUATION, new byte[0], false);
      assertEquals(1008, talk.closeCode());
      billed("flooded");
    }
  }

  @Test
  void promise_18_a_flood_of_pings() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      flood(talk, Frames.PING, new byte[10], true);
      assertEquals(1008, talk.closeCode());
      billed("flooded");
    }
  }

  @Test
  void promise_18_a_flood_of_empty_messages() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      flood(talk, Frames.BINARY, new byte[0], true);
      assertEquals(1008, talk.closeCode());
      billed("flooded");
    }
  }

  private static void flood(RawVoiceClient talk, int code, byte[] payload, boolean last) {
    try {
      for (int i = 0; i < 5_000; i++) {
        talk.frames().write(code, last, payload);
      }
    } catch (IOException e) {
      // Cut while flooding.
    }
  }

  @Test
  void promise_18_text_instead_of_audio() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().text("audio, believe me");
      assertEquals("VALIDATION_ERROR", talk.next().get("code").stringValue());
      assertEquals(1008, talk.closeCode());
      billed("misbehaved");
    }
  }

  @Test
  void promise_18_text_without_end() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().text("x".repeat(9_000));
      assertEquals("PAYLOAD_TOO_LARGE", talk.next().get("code").stringValue());
      assertEquals(4413, talk.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void promise_18_frames_that_are_not_masked() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(Frames.BINARY, true, PIECES.get(1), false);
      assertEquals(1002, talk.closeCode());
      billed("client_gone");
    }
  }

  @Test
  void promise_18_frames_of_a_kind_that_there_is_not() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(5, true, PIECES.get(1));
      assertEquals(1002, talk.closeCode());
      billed("client_gone");
    }
  }

  @Test
  void promise_18_a_ping_that_is_too_large() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(Frames.PING, true, new byte[126]);
      assertEquals(1002, talk.closeCode());
      billed("client_gone");
    }
  }

  @Test
  void pings_are_answered_with_what_they_carry() throws Exception {
    try (RawVoiceClient talk = speaking()) {
      talk.frames().write(Frames.PING, true, new byte[] {1, 2, 3});
      Frames.Frame frame = talk.frames().read();
      while (frame.code() == Frames.PING) {
        frame = talk.frames().read();
      }
      assertEquals(Frames.PONG, frame.code());
      assertEquals(3, frame.payload().length);
    }
  }
}

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
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MovableNanos;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Promise 18: however either side fails, the session ends, each started minute is charged once, and
 * the transcript is kept.
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
    RawVoiceClient client = new RawVoiceClient(service.port(), "?token=" + user.accessToken());
    assertEquals("connected", client.next().get("type").stringValue());
    client.frames().write(Frames.BINARY, true, PIECES.get(0));
    assertEquals("This was heard.", client.next().get("text").stringValue());
    return client;
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
  void promise_18_a_client_that_resets_the_connection_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.reset();
      billed("client_gone");
    }
  }

  @Test
  void promise_18_a_client_that_closes_while_results_are_pending() throws Exception {
    try (RawVoiceClient client = speaking(new Step.Final("And the rest."))) {
      client.frames().close(1000, "");
      JsonNode record = onlyEnded(user);
      assertEquals("client_gone", record.get("end_reason").stringValue());
      assertEquals("This was heard. And the rest.", record.get("full_transcript").stringValue());
    }
  }

  @Test
  void promise_18_a_frozen_client_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      nanos.advance(TIMEOUT.plusMillis(1));
      billed("client_gone");
      assertEquals(1006, client.closeCode());
    }
  }

  @Test
  void promise_18_a_provider_that_resets_the_connection_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking(new Step.Reset())) {
      client.frames().write(Frames.BINARY, true, PIECES.get(1));
      assertEquals("TRANSCRIPTION_FAILED", client.next().get("code").stringValue());
      assertEquals(4502, client.closeCode());
      billed("provider_gone");
    }
  }

  @Test
  void promise_18_a_provider_that_closes_the_connection_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking(new Step.Close(1011, "NET-0000"))) {
      client.frames().write(Frames.BINARY, true, PIECES.get(1));
      assertEquals("TRANSCRIPTION_FAILED", client.next().get("code").stringValue());
      assertEquals(4502, client.closeCode());
      billed("provider_gone");
    }
  }

  @Test
  void promise_18_a_frozen_provider_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking(new Step.Freeze())) {
      client.frames().write(Frames.BINARY, true, PIECES.get(1));
      awaitMessages(service.deepgram().latest(), 2);
      // The client answers each time, the provider does not.
      nanos.advance(TIMEOUT.dividedBy(2));
      client.ping();
      nanos.advance(TIMEOUT.dividedBy(2).plusMillis(1));
      assertEquals("TRANSCRIPTION_FAILED", client.next().get("code").stringValue());
      assertEquals(4502, client.closeCode());
    }
    JsonNode record = onlyEnded(user);
    assertEquals("provider_gone", record.get("end_reason").stringValue());
    assertEquals("This was heard.", record.get("full_transcript").stringValue());
    assertEquals(1, movements(database, user.userId(), "consume"));
  }

  /** Sends more than the system's buffers hold, within the peer time-out. */
  @Test
  void promise_18_a_slow_provider_ends_the_session() throws Exception {
    service.deepgram().script(new Step.Final("This was heard."), new Step.Freeze());
    try (RawVoiceClient client =
        new RawVoiceClient(service.port(), "?token=" + user.accessToken())) {
      client.next();
      client.frames().write(Frames.BINARY, true, PIECES.get(0));
      client.next();
      byte[] large = new byte[32 * 1024];
      try {
        for (int i = 0; i < 450; i++) {
          client.frames().write(Frames.BINARY, true, large);
        }
      } catch (IOException e) {
        // The service has closed the connection.
      }
      JsonNode record = onlyEnded(user);
      assertEquals("provider_slow", record.get("end_reason").stringValue());
      assertEquals("This was heard.", record.get("full_transcript").stringValue());
      assertEquals(5, record.get("credits_used").intValue());
    }
  }

  @Test
  void promise_18_a_message_that_is_too_large_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(Frames.BINARY, true, new byte[32 * 1024 + 1]);
      assertEquals("PAYLOAD_TOO_LARGE", client.next().get("code").stringValue());
      assertEquals(4413, client.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void promise_18_a_huge_frame_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(Frames.BINARY, true, new byte[300 * 1024]);
      assertEquals("PAYLOAD_TOO_LARGE", client.next().get("code").stringValue());
      assertEquals(4413, client.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void promise_18_endless_fragments_end_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(Frames.BINARY, false, new byte[1024]);
      for (int i = 0; i < 32; i++) {
        client.frames().write(Frames.CONTINUATION, false, new byte[1024]);
      }
      assertEquals("PAYLOAD_TOO_LARGE", client.next().get("code").stringValue());
      assertEquals(4413, client.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void fragments_are_relayed_as_one_message() throws Exception {
    try (RawVoiceClient client = speaking(new Step.Final("Whole."))) {
      client.frames().write(Frames.BINARY, false, new byte[500]);
      client.frames().write(Frames.CONTINUATION, false, new byte[500]);
      client.frames().write(Frames.CONTINUATION, true, new byte[500]);
      assertEquals("Whole.", client.next().get("text").stringValue());
      DeepgramStreamFake stream = service.deepgram().latest();
      awaitMessages(stream, 2);
      assertEquals(PIECES.get(0).length + 1_500, stream.bytes());
    }
  }

  @Test
  void promise_18_endless_empty_fragments_end_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(Frames.BINARY, false, new byte[0]);
      flood(client, Frames.CONTINUATION, new byte[0], false);
      assertEquals(1008, client.closeCode());
      billed("flooded");
    }
  }

  @Test
  void promise_18_too_many_pings_end_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      flood(client, Frames.PING, new byte[10], true);
      assertEquals(1008, client.closeCode());
      billed("flooded");
    }
  }

  @Test
  void promise_18_too_many_empty_messages_end_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      flood(client, Frames.BINARY, new byte[0], true);
      assertEquals(1008, client.closeCode());
      billed("flooded");
    }
  }

  private static void flood(RawVoiceClient client, int code, byte[] payload, boolean last) {
    try {
      for (int i = 0; i < 5_000; i++) {
        client.frames().write(code, last, payload);
      }
    } catch (IOException e) {
      // The connection may break while the client sends.
    }
  }

  @Test
  void promise_18_text_instead_of_audio_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().text("not audio");
      assertEquals("VALIDATION_ERROR", client.next().get("code").stringValue());
      assertEquals(1008, client.closeCode());
      billed("misbehaved");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "7",
        "[]",
        "\"end_stream\"",
        "{}",
        "{\"type\":null}",
        "{\"type\":[\"end_stream\"]}",
        "{\"type\":{\"type\":\"end_stream\"}}",
        "{\"type\":\"END_STREAM\"}",
        "{\"type\":\"end_stream\"}{}",
        "{\"type\":\"end_stream\",\"type\":\"end_stream\"}",
        "{\"type\":\"auth\"}",
        "{\"type\":\"auth\",\"token\":7}",
        "{\"type\":\"transcript\",\"text\":\"x\"}",
      })
  void promise_18_other_messages_than_documented_end_the_session(String message) throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().text(message);
      assertEquals("VALIDATION_ERROR", client.next().get("code").stringValue());
      assertEquals(1008, client.closeCode());
      billed("misbehaved");
    }
  }

  @Test
  void promise_18_too_many_texts_end_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      byte[] auth = "{\"type\":\"auth\",\"token\":\"x\"}".getBytes(StandardCharsets.UTF_8);
      flood(client, Frames.TEXT, auth, true);
      assertEquals(1008, client.closeCode());
      billed("flooded");
    }
  }

  /** A client that refreshes its token may send the new one. */
  @Test
  void a_token_for_an_authenticated_connection_is_ignored() throws Exception {
    try (RawVoiceClient client = speaking(new Step.Final("More."))) {
      for (String token : List.of(user.accessToken(), service.newUser().accessToken(), "x")) {
        client.frames().text("{\"type\":\"auth\",\"token\":\"" + token + "\"}");
      }
      client.frames().write(Frames.BINARY, true, PIECES.get(1));
      assertEquals("More.", client.next().get("text").stringValue());
    }
  }

  @Test
  void messages_after_the_end_of_the_stream_are_ignored() throws Exception {
    try (RawVoiceClient client = speaking(new Step.Stall(Duration.ofMillis(200)))) {
      String end = "{\"type\":\"end_stream\"}";
      for (String message : List.of(end, end, "{\"type\":\"auth\",\"token\":\"x\"}", "no JSON")) {
        client.frames().text(message);
      }
      client.frames().write(Frames.BINARY, true, PIECES.get(1));
      client.frames().write(Frames.BINARY, true, new byte[40_000]);
      JsonNode complete = client.next();
      assertEquals("complete", complete.get("type").stringValue());
      assertEquals("This was heard.", complete.get("full_transcript").stringValue());
      assertEquals(1000, client.closeCode());
      billed("end_stream");
    }
  }

  @Test
  void promise_18_endless_text_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().text("x".repeat(9_000));
      assertEquals("PAYLOAD_TOO_LARGE", client.next().get("code").stringValue());
      assertEquals(4413, client.closeCode());
      billed("frame_too_large");
    }
  }

  @Test
  void promise_18_an_unmasked_frame_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(Frames.BINARY, true, PIECES.get(1), false);
      assertEquals(1002, client.closeCode());
      billed("client_gone");
    }
  }

  @Test
  void promise_18_an_unknown_opcode_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(5, true, PIECES.get(1));
      assertEquals(1002, client.closeCode());
      billed("client_gone");
    }
  }

  @Test
  void promise_18_a_ping_that_is_too_large_ends_the_session() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(Frames.PING, true, new byte[126]);
      assertEquals(1002, client.closeCode());
      billed("client_gone");
    }
  }

  @Test
  void pongs_repeat_the_pings_payload() throws Exception {
    try (RawVoiceClient client = speaking()) {
      client.frames().write(Frames.PING, true, new byte[] {1, 2, 3});
      Frames.Frame frame = client.frames().read();
      while (frame.code() == Frames.PING) {
        frame = client.frames().read();
      }
      assertEquals(Frames.PONG, frame.code());
      assertEquals(3, frame.payload().length);
    }
  }
}

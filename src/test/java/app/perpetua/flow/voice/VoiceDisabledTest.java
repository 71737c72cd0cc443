package app.perpetua.flow.voice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A process without transcription, and one that stops during a session. */
class VoiceDisabledTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("ENABLE_VOICE_TRANSCRIPTION", "false");

  @Order(3)
  @RegisterExtension
  static final TestService stopping = new TestService(database).with(VoiceFixture.TIMING);

  @Test
  void without_transcription_both_endpoints_answer_503() throws Exception {
    TestService.Session user = service.newPro();
    for (String query : new String[] {"", "?token=" + user.accessToken()}) {
      try (RawVoiceClient client = new RawVoiceClient(service.port(), query)) {
        assertEquals(503, client.status());
        assertEquals("TRANSCRIPTION_SERVICE_UNAVAILABLE", client.errorCode());
      }
    }
    user.api()
        .post(
            "/api/v1/ai/transcribe",
            Map.of("audio_url", "http://recordings.test/a.webm", "duration_seconds", 10))
        .expect(503, "TRANSCRIPTION_SERVICE_UNAVAILABLE");
    assertEquals(15, VoiceFixture.balance(user));
    assertFalse(
        user.api().get("/api/v1/subscription").data().at("/features/voice_notes").booleanValue());
  }

  @Test
  void promise_24_shutdown_ends_sessions_with_a_reason() throws Exception {
    TestService.Session user = stopping.newPro();
    stopping.deepgram().script(new Step.Final("This was heard."));
    try (RawVoiceClient anonymous = new RawVoiceClient(stopping.port(), "");
        VoiceTestClient client = VoiceTestClient.open(stopping.port(), user.accessToken())) {
      anonymous.ping();
      client.next("connected");
      client.audio(VoiceFixture.PIECES.get(0));
      client.next("transcript");
      stopping.app().close();
      assertEquals("This was heard.", client.next("complete").get("full_transcript").stringValue());
      assertEquals(1001, client.closeCode());
      assertEquals(1001, anonymous.closeCode());
    }
    assertEquals(
        "going_away",
        database
            .row("select end_reason from notes.voice_sessions where user_id = ?", user.userId())
            .get("end_reason"));
  }
}

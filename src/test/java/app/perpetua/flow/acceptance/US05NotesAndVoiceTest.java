package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeDeepgram.Recording;
import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.fake.WebmFile;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US05NotesAndVoiceTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("AUDIO_HOSTS", "https://recordings.test");

  private static final String NOTES = "/api/v1/notes";
  private static final String TRANSCRIBE = "/api/v1/ai/transcribe";
  private static final String SESSIONS = "/api/v1/ai/voice-sessions";

  private static final Map<String, Object> SPOKEN =
      Map.of("voice_url", "https://recordings.test/a.webm", "voice_duration_seconds", 70);

  private final TestService.Session user = service.newPro();
  private final Api api = user.api();

  @Test
  void US05_notes_and_voice() throws Exception {
    // Write, change, find and archive a note.
    String typed = api.createNote("Paint for the hall");
    api.patch(NOTES + "/" + typed, Map.of("content", "Blue paint for the hall")).expect(200);
    assertEquals(List.of(typed), ids("?q=blue"));
    api.patch(NOTES + "/" + typed, Map.of("archived", true)).expect(200);
    assertEquals(List.of(), ids(""));
    assertEquals(List.of(typed), ids("?archived=true"));

    // Live transcription: partial results during the stream, the full transcript at its end.
    int before = credits();
    service
        .deepgram()
        .script(
            new Step.Partial("water"),
            new Step.Final("Water the plants."),
            new Step.Final("Then call Ada."));
    CRC32 spoken = new CRC32();
    String session;
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      session = client.next("connected").get("session_id").stringValue();
      for (byte[] piece : WebmFile.pieces(20)) {
        client.audio(piece);
        spoken.update(piece);
      }
      assertEquals("water", client.next("transcript").get("text").stringValue());
      client.endStream();
      JsonNode complete = client.next("complete");
      assertEquals(
          "Water the plants. Then call Ada.", complete.get("full_transcript").stringValue());
      assertEquals(before - 5, complete.get("credits_remaining").intValue());
      assertEquals(1000, client.closeCode());
    }
    assertEquals(spoken.getValue(), service.deepgram().latest().checksum());

    // Read the session and save its transcript as a note.
    assertEquals(session, api.get(SESSIONS).expect(200).data().get(0).get("id").stringValue());
    JsonNode record = api.get(SESSIONS + "/" + session).expect(200).data();
    assertEquals("end_stream", record.get("end_reason").stringValue());
    assertEquals(5, record.get("credits_used").intValue());
    String words = record.get("full_transcript").stringValue();
    api.post(NOTES, Map.of("content", words)).expect(201);
    assertEquals(1, ids("?q=plants").size());
    assertEquals(before - 5, credits());

    // Recorded note: a failed transcription costs nothing; the retry fills the note.
    JsonNode recorded = api.post(NOTES, SPOKEN).expect(201).data();
    String note = recorded.get("id").stringValue();
    assertEquals("pending", recorded.get("transcription_status").stringValue());
    Map<String, Object> request =
        Map.of(
            "audio_url",
            recorded.get("voice_url").stringValue(),
            "duration_seconds",
            70,
            "note_id",
            note);
    service.deepgram().respondWith(Recording.refused(503));
    api.post(TRANSCRIBE, request).expect(503, "TRANSCRIPTION_SERVICE_UNAVAILABLE");
    assertEquals(before - 5, credits());
    service.deepgram().respondWith(Recording.of("Return the books.", 58));
    JsonNode text = api.post(TRANSCRIBE, request).expect(200).data();
    assertEquals("Return the books.", text.get("transcription").stringValue());
    assertEquals(5, text.get("credits_used").intValue());
    assertEquals(before - 10, credits());
    JsonNode filled = api.get(NOTES + "/" + note).expect(200).data();
    assertEquals("Return the books.", filled.get("content").stringValue());
    assertEquals("completed", filled.get("transcription_status").stringValue());
    assertEquals(List.of(note), ids("?q=books"));
    assertEquals(2, api.get("/api/v1/activity?action=ai_transcribed").expect(200).data().size());

    // Voice requires Pro.
    Api free = service.newUser().api();
    free.post(NOTES, SPOKEN).expect(403, "TIER_REQUIRED");
    free.post(TRANSCRIBE, Map.of("audio_url", "https://recordings.test/a", "duration_seconds", 9))
        .expect(403, "TIER_REQUIRED");
    assertTrue(free.get(SESSIONS).expect(200).data().isEmpty());
    Invariants.check(database);
  }

  private int credits() {
    return api.get("/api/v1/credits/balance").expect(200).data().get("total").intValue();
  }

  private List<String> ids(String query) {
    return api.get(NOTES + query).expect(200).data().values().stream()
        .map(note -> note.get("id").stringValue())
        .toList();
  }
}

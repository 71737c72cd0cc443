package app.perpetua.flow.voice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.jobs.Worker;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Sessions whose process was killed or has lost its lease. */
class VoiceSessionStoreTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with(VoiceFixture.TIMING);

  private final TestService.Session user = service.newPro();

  @AfterEach
  void invariants() {
    service.deepgram().recover();
    Invariants.check(database);
  }

  private VoiceTestClient speaking() throws Exception {
    service.deepgram().script(new Step.Final("This was heard."), new Step.Final("Late."));
    VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken());
    client.next("connected");
    client.audio(VoiceFixture.PIECES.get(0));
    client.next("transcript");
    return client;
  }

  private void loseLease() {
    assertEquals(
        1,
        database.run(
            "update notes.voice_sessions set lease = gen_random_uuid(),"
                + " lease_until = now() - interval '1 second' where user_id = ?",
            user.userId()));
  }

  private List<Worker.Run> runJobs(Duration later) {
    service.clock().advance(later);
    try {
      return service.runDueJobs().stream()
          .filter(ran -> ran.kind().equals(VoiceSessionStore.END))
          .toList();
    } finally {
      service.clock().advance(later.negated());
    }
  }

  @Test
  void promise_18_a_job_ends_the_session_of_a_killed_process_once() throws Exception {
    try (VoiceTestClient client = speaking()) {
      assertEquals(1, runJobs(Duration.ofMinutes(1)).size());
      assertTrue(record().get("ended_at").isNull(), "its process is alive");
      loseLease();
      assertEquals(1, runJobs(Duration.ofMinutes(3)).size());
      assertEquals("process_gone", record().get("end_reason").stringValue());
      assertEquals("This was heard.", record().get("full_transcript").stringValue());
      assertEquals(5, record().get("credits_used").intValue());
      assertEquals(0, runJobs(Duration.ofMinutes(9)).size());
      // The process is still alive: it notices, and charges nothing more.
      client.audio(VoiceFixture.PIECES.get(1));
      assertEquals(1011, client.closeCode());
    }
    assertEquals(1, VoiceFixture.movements(database, user.userId(), "consume"));
    assertEquals(
        1,
        database.number(
            "select count(*) from activity.activity_logs where user_id = ?"
                + " and action = 'ai_transcribed' and source = 'system'",
            user.userId()));
  }

  @Test
  void promise_18_a_new_session_need_not_wait_for_the_job() throws Exception {
    try (VoiceTestClient client = speaking()) {
      loseLease();
      try (VoiceTestClient second = VoiceTestClient.open(service.port(), user.accessToken())) {
        second.next("connected");
        assertEquals(2, all().size());
        second.endStream();
        second.next("complete");
      }
      client.audio(VoiceFixture.PIECES.get(1));
      assertEquals(1011, client.closeCode());
    }
    for (JsonNode session : all()) {
      assertTrue(!session.get("ended_at").isNull());
    }
  }

  private JsonNode all() {
    return user.api().get("/api/v1/ai/voice-sessions").expect(200).data();
  }

  private JsonNode record() {
    assertEquals(1, all().size());
    return all().get(0);
  }
}

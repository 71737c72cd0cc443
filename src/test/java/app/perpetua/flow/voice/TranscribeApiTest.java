package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.balance;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeDeepgram.Recording;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transcription of recordings (FR-033). */
class TranscribeApiTest {
  private static final String TRANSCRIBE = "/api/v1/ai/transcribe";
  private static final String URL = "http://recordings.test/note.webm";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("AUDIO_HOSTS", "http://recordings.test,*");

  private final TestService.Session user = service.newPro();

  @AfterEach
  void invariants() {
    service.deepgram().recover();
    Invariants.check(database);
  }

  private static Map<String, Object> recording(int seconds) {
    return Map.of("audio_url", URL, "duration_seconds", seconds);
  }

  @Test
  void FR_033_the_measured_length_is_charged() {
    assertEquals(15, balance(user));
    service.deepgram().respondWith(Recording.of("Buy milk.", 60.9));
    Api.Answer answer = user.api().post(TRANSCRIBE, recording(120)).expect(200);
    assertEquals("Buy milk.", answer.data().get("transcription").stringValue());
    assertEquals("en", answer.data().get("language").stringValue());
    assertEquals(5, answer.data().get("credits_used").intValue());
    assertEquals(10, answer.data().get("credits_remaining").intValue());
    service.deepgram().respondWith(Recording.of("Much more.", 61));
    assertEquals(
        10,
        user.api()
            .post(TRANSCRIBE, recording(30))
            .expect(200)
            .data()
            .get("credits_used")
            .intValue());
    assertEquals(0, balance(user));
    assertEquals(URL, service.deepgram().recordingRequests().getLast().url());
    assertEquals(
        0,
        database.number(
            "select count(*) from ops.job_queue where kind = 'reservation_settle' and user_id = ?",
            user.userId()));
    assertEquals(
        2,
        database.number(
            "select count(*) from activity.activity_logs where user_id = ?"
                + " and action = 'ai_transcribed'",
            user.userId()));
  }

  @Test
  void FR_033_a_measured_length_beyond_the_balance_leaves_zero_credits() {
    service.deepgram().respondWith(Recording.of("Four minutes.", 240));
    assertEquals(
        15,
        user.api()
            .post(TRANSCRIBE, recording(1))
            .expect(200)
            .data()
            .get("credits_used")
            .intValue());
    assertEquals(0, balance(user));
    user.api().post(TRANSCRIBE, recording(1)).expect(402, "INSUFFICIENT_CREDITS");
  }

  @Test
  void promise_17_a_failure_costs_nothing_and_frees_its_key() {
    int calls = service.deepgram().recordingRequests().size();
    UUID key = UUID.randomUUID();
    Api api = user.api().withKey(key);
    service.deepgram().respondWith(Recording.refused(500));
    api.post(TRANSCRIBE, recording(60)).expect(503, "TRANSCRIPTION_SERVICE_UNAVAILABLE");
    service.deepgram().respondWith(Recording.refused(400));
    Api.Answer unusable = api.post(TRANSCRIBE, recording(60)).expect(400, "VALIDATION_ERROR");
    assertEquals("audio_url", unusable.json().at("/error/details/0/field").stringValue());
    service.deepgram().respondWith(Recording.of("Too long.", 301));
    api.post(TRANSCRIBE, recording(60)).expect(400, "AUDIO_DURATION_EXCEEDED");
    assertEquals(15, balance(user));
    service.deepgram().respondWith(Recording.of("At last.", 300.9));
    Api.Answer done = api.post(TRANSCRIBE, recording(60)).expect(200);
    assertEquals(0, balance(user));
    Api.Answer again = api.post(TRANSCRIBE, recording(60)).expect(200);
    assertEquals(done.text(), again.text());
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    api.post(TRANSCRIBE, recording(61)).expect(422, "IDEMPOTENCY_KEY_REUSED");
    assertEquals(calls + 4, service.deepgram().recordingRequests().size());
  }

  @Test
  void promise_3_a_repeat_at_another_process_is_refused_while_the_first_runs() {
    CountDownLatch answered = new CountDownLatch(1);
    service.deepgram().hold(answered);
    UUID key = UUID.randomUUID();
    CompletableFuture<Api.Answer> first =
        CompletableFuture.supplyAsync(
            () -> user.api().withKey(key).post(TRANSCRIBE, recording(60)));
    Eventually.within(
        VoiceFixture.LIMIT,
        () ->
            database.number(
                    "select count(*) from ops.idempotency_keys where key = ? and state = 'open'",
                    key)
                == 1);
    user.api().withKey(key).post(TRANSCRIBE, recording(60)).expect(409, "IDEMPOTENCY_IN_PROGRESS");
    answered.countDown();
    assertEquals(200, first.join().status());
  }

  @Test
  void promise_17_a_process_that_stops_during_the_call_leaves_nothing_reserved() {
    UUID key = UUID.randomUUID();
    user.api().withKey(key).post(TRANSCRIBE, recording(60)).expect(200);
    // As if the process had stopped before it settled.
    String ref =
        String.valueOf(
            database
                .row(
                    "select distinct operation_ref from billing.ai_credit_ledger where user_id = ?"
                        + " and operation_ref like 'transcription:%'",
                    user.userId())
                .get("operation_ref"));
    database.run(
        "update ops.idempotency_keys set state = 'open', status = null, body = null where key = ?",
        key);
    database.run(
        """
        insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
        values (gen_random_uuid(), ?, 'reservation_settle', ?,
                jsonb_build_object('key', ?::text, 'amount', 5), ?, ?)
        """,
        user.userId(),
        ref,
        key,
        service.clock().instant().plusSeconds(90),
        service.clock().instant());
    assertEquals(10, balance(user));
    Api api = user.api().withKey(key);
    api.post(TRANSCRIBE, recording(60)).expect(409, "IDEMPOTENCY_IN_PROGRESS");
    service.clock().advance(Duration.ofSeconds(91));
    try {
      service.runDueJobs();
      assertEquals(15, balance(user));
      assertEquals(
          10,
          api.post(TRANSCRIBE, recording(60))
              .expect(200)
              .data()
              .get("credits_remaining")
              .intValue());
    } finally {
      service.clock().advance(Duration.ofSeconds(-91));
    }
  }

  @Test
  void FR_024_the_text_becomes_the_content_of_the_voice_note() {
    String waiting = note(user, "");
    service.deepgram().respondWith(Recording.of("Buy milk.", 5));
    user.api().post(TRANSCRIBE, forNote(waiting)).expect(200);
    Api.Answer filled = user.api().get("/api/v1/notes/" + waiting).expect(200);
    assertEquals("Buy milk.", filled.data().get("content").stringValue());
    assertEquals("completed", filled.data().get("transcription_status").stringValue());
    assertEquals(2, filled.data().get("version").intValue());
    user.api().post(TRANSCRIBE, forNote(waiting)).expect(409, "CONFLICT");
    String another = note(user, "");
    service.deepgram().respondWith(Recording.refused(400));
    user.api().post(TRANSCRIBE, forNote(another)).expect(400, "VALIDATION_ERROR");
    Api.Answer failed = user.api().get("/api/v1/notes/" + another).expect(200);
    assertEquals("failed", failed.data().get("transcription_status").stringValue());
    assertEquals(2, failed.data().get("version").intValue());
    assertEquals(10, balance(user));
    service.newPro().api().post(TRANSCRIBE, forNote(another)).expect(403, "FORBIDDEN");
    user.api().post(TRANSCRIBE, forNote(UUID.randomUUID().toString())).expect(404, "NOT_FOUND");
  }

  private static Map<String, Object> forNote(String id) {
    return Map.of("audio_url", URL, "duration_seconds", 10, "note_id", id);
  }

  private static String note(TestService.Session owner, String content) {
    return owner
        .api()
        .post(
            "/api/v1/notes",
            Map.of(
                "content",
                content,
                "voice_url",
                "https://example.com/a.webm",
                "voice_duration_seconds",
                5))
        .expect(201)
        .id();
  }

  private static Api.Answer transcribe(TestService.Session owner, String url) {
    return owner
        .api()
        .invalidOnPurpose()
        .post(TRANSCRIBE, Map.of("audio_url", url, "duration_seconds", 10));
  }

  private static String fault(Api.Answer refused) {
    return refused.json().at("/error/details/0/field").stringValue()
        + " "
        + refused.json().at("/error/details/0/message").stringValue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://user:secret@example.com/a.webm",
        "https://example.com:8443/a.webm",
        "http://example.com/a.webm",
        "ftp://example.com/a.webm",
        "not a url",
      })
  void promise_26_other_urls_than_https_are_refused(String url) {
    assertTrue(
        fault(transcribe(user, url).expect(400, "VALIDATION_ERROR")).startsWith("audio_url"));
    transcribe(service.newUser(), url).expect(400, "VALIDATION_ERROR");
  }

  /** Whether the name is unknown, private or not permitted at all is not told. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://localhost/a.webm",
        "https://127.0.0.1/a.webm",
        "https://2130706433/a.webm",
        "https://[::1]/a.webm",
        "https://169.254.169.254/latest/meta-data",
        "https://metadata.google.internal/a.webm",
        "https://nothing.invalid/a.webm",
        "https://private.test/a.webm",
      })
  void promise_26_all_other_hosts_get_the_same_refusal_and_only_for_pro(String url) {
    int calls = service.deepgram().recordingRequests().size();
    String note = note(user, "");
    Api.Answer refused =
        user.api()
            .invalidOnPurpose()
            .post(TRANSCRIBE, Map.of("audio_url", url, "duration_seconds", 10, "note_id", note))
            .expect(400, "VALIDATION_ERROR");
    assertEquals("audio_url must have a permitted host at a public address", fault(refused));
    assertEquals(calls, service.deepgram().recordingRequests().size());
    assertEquals(15, balance(user));
    assertEquals(
        "pending",
        user.api()
            .get("/api/v1/notes/" + note)
            .expect(200)
            .data()
            .get("transcription_status")
            .stringValue());
    transcribe(service.newUser(), url).expect(403, "TIER_REQUIRED");
  }

  @Test
  void a_recording_at_a_public_address_is_transcribed() {
    for (String url : List.of("https://8.8.8.8/a.webm", "https://[2606:4700::1111]/a.webm")) {
      transcribe(user, url).expect(200);
      assertEquals(url, service.deepgram().recordingRequests().getLast().url());
    }
  }

  @Test
  void FR_033_transcription_is_part_of_pro() {
    TestService.Session free = service.newUser();
    free.api().post(TRANSCRIBE, recording(10)).expect(403, "TIER_REQUIRED");
    assertEquals(5, balance(free));
    Api careless = user.api().invalidOnPurpose();
    assertEquals(
        2,
        careless
            .post(TRANSCRIBE, Map.of("audio_url", 7, "duration_seconds", 301))
            .expect(400)
            .json()
            .at("/error/details")
            .size());
    assertTrue(careless.withoutKey().post(TRANSCRIBE, recording(1)).status() == 400);
  }
}

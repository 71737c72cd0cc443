package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static app.perpetua.flow.voice.VoiceFixture.balance;
import static app.perpetua.flow.voice.VoiceFixture.ended;
import static app.perpetua.flow.voice.VoiceFixture.movements;
import static app.perpetua.flow.voice.VoiceFixture.onlyEnded;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.DeepgramStreamFake;
import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Live sessions through the public interface (US5). */
class VoiceApiTest {
  private static final int START_ATTEMPTS = 5;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("CORS_ORIGINS", "https://app.example.com")
          .with(VoiceFixture.TIMING);

  @AfterEach
  void invariants() {
    service.deepgram().recover();
    Invariants.check(database);
  }

  @Test
  void FR_033_results_arrive_during_the_session_and_the_transcript_at_the_end() throws Exception {
    service
        .deepgram()
        .script(
            new Step.Partial("call"),
            new Step.Final("Call the dentist."),
            new Step.Partial("by"),
            new Step.Final("Buy milk."));
    TestService.Session user = service.newPro();
    int before = balance(user);
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      JsonNode connected = client.next("connected");
      assertEquals(300, connected.get("max_duration_seconds").intValue());
      client.audio(PIECES.get(0));
      JsonNode partial = client.next("transcript");
      assertEquals("call", partial.get("text").stringValue());
      assertFalse(partial.get("is_final").booleanValue());
      client.audio(PIECES.get(1));
      JsonNode result = client.next("transcript");
      assertTrue(result.get("is_final").booleanValue());
      assertEquals(0.91, result.get("confidence").doubleValue());
      client.endStream();
      JsonNode complete = client.next("complete");
      assertEquals("Call the dentist. Buy milk.", complete.get("full_transcript").stringValue());
      assertEquals(5, complete.get("credits_used").intValue());
      assertEquals(before - 5, complete.get("credits_remaining").intValue());
      assertEquals(1000, client.closeCode());
      String id = connected.get("session_id").stringValue();
      JsonNode record = ended(user, id);
      assertEquals("end_stream", record.get("end_reason").stringValue());
      assertEquals("Call the dentist. Buy milk.", record.get("full_transcript").stringValue());
      assertEquals(5, record.get("credits_used").intValue());
      assertEquals(
          1,
          database.number(
              "select count(*) from activity.activity_logs where user_id = ?"
                  + " and action = 'ai_transcribed' and source = 'user'",
              user.userId()));
      assertEquals(
          0,
          database.number(
              "select count(*) from ops.job_queue where job_key = ? and state = 'queued'", id));
    }
    assertTrue(service.deepgram().latest().wasFinished());
    assertEquals(before - 5, balance(user));
  }

  @Test
  void the_last_interim_words_are_part_of_the_transcript() throws Exception {
    service.deepgram().script(new Step.Final("Call the dentist."), new Step.Partial("and buy"));
    TestService.Session user = service.newPro();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.get(0));
      client.audio(PIECES.get(1));
      client.next("transcript");
      client.next("transcript");
      client.endStream();
      assertEquals(
          "Call the dentist. and buy",
          client.next("complete").get("full_transcript").stringValue());
    }
    assertEquals("Call the dentist. and buy", onlyEnded(user).get("full_transcript").stringValue());
  }

  @Test
  void audio_arrives_whole_and_in_order_and_is_stored_nowhere() throws Exception {
    TestService.Session user = service.newPro();
    CRC32 sent = new CRC32();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      for (byte[] piece : PIECES) {
        client.audio(piece);
        sent.update(piece);
        client.audio(new byte[0]);
      }
      client.endStream();
      client.next("complete");
    }
    DeepgramStreamFake stream = service.deepgram().latest();
    assertEquals(PIECES.size(), stream.messages(), "empty messages are not relayed");
    assertEquals(sent.getValue(), stream.checksum());
  }

  @Test
  void the_header_and_the_first_message_may_have_the_token() throws Exception {
    TestService.Session user = service.newPro();
    Map<String, String> header = Map.of("Authorization", "Bearer " + user.accessToken());
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), header)) {
      client.next("connected");
      client.endStream();
      assertEquals(0, client.next("complete").get("credits_used").intValue());
      assertEquals(1000, client.closeCode());
    }
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), Map.of())) {
      client.send("{\"type\":\"auth\",\"token\":\"" + user.accessToken() + "\"}");
      client.next("connected");
      client.send("{\"type\":\"auth\",\"token\":\"" + user.accessToken() + "\"}");
      client.endStream();
      client.next("complete");
    }
  }

  @Test
  void FR_004_a_refused_upgrade_gets_an_error_response() throws Exception {
    TestService.Session free = service.newUser();
    TestService.Session pro = service.newPro();
    refused(401, "UNAUTHORIZED", "?token=nonsense");
    refused(401, "UNAUTHORIZED", "", "Authorization: Basic eDp5");
    refused(403, "TIER_REQUIRED", "?token=" + free.accessToken());
    refused(403, "FORBIDDEN", "?token=" + pro.accessToken(), "Origin: https://evil.example.com");
    service.api().invalidOnPurpose().get("/api/v1/ws/voice/transcribe").expect(400);
    // Five kickstart and ten daily credits.
    for (int i = 0; i < 3; i++) {
      try (VoiceTestClient client = VoiceTestClient.open(service.port(), pro.accessToken())) {
        client.next("connected");
        client.audio(PIECES.getFirst());
        client.endStream();
        client.next("complete");
      }
    }
    refused(402, "INSUFFICIENT_CREDITS", "?token=" + pro.accessToken());
  }

  private static void refused(int status, String code, String query, String... headers)
      throws Exception {
    try (RawVoiceClient client = new RawVoiceClient(service.port(), query, headers)) {
      assertEquals(status, client.status());
      assertEquals(code, client.errorCode());
      for (String name : List.of("limit", "remaining", "reset")) {
        assertFalse(client.header("x-ratelimit-" + name).isEmpty(), name);
      }
    }
  }

  @Test
  void configured_origins_and_the_services_own_are_permitted() throws Exception {
    TestService.Session user = service.newPro();
    for (String origin : List.of("https://app.example.com", "http://127.0.0.1:" + service.port())) {
      try (RawVoiceClient client =
          new RawVoiceClient(service.port(), "?token=" + user.accessToken(), "Origin: " + origin)) {
        assertEquals(101, client.status());
        assertEquals("connected", client.next().get("type").stringValue());
      }
      Eventually.within(LIMIT, () -> running(user) == 0);
    }
  }

  private static long running(TestService.Session user) {
    return database.number(
        "select count(*) from notes.voice_sessions where user_id = ? and ended_at is null",
        user.userId());
  }

  @Test
  void FR_004_after_the_upgrade_a_refusal_is_an_error_message_and_a_close_frame() throws Exception {
    TestService.Session free = service.newUser();
    closed(4401, "UNAUTHORIZED", "{\"type\":\"auth\",\"token\":\"nonsense\"}");
    closed(4403, "TIER_REQUIRED", auth(free));
    closed(1008, "VALIDATION_ERROR", "{\"type\":\"end_stream\"}");
    closed(1008, "VALIDATION_ERROR", "not JSON");
    closed(4413, "PAYLOAD_TOO_LARGE", "x".repeat(9_000));
    TestService.Session pro = service.newPro();
    try (VoiceTestClient running = VoiceTestClient.open(service.port(), pro.accessToken())) {
      running.next("connected");
      closed(4409, "CONFLICT", auth(pro));
      refused(409, "CONFLICT", "?token=" + pro.accessToken());
    }
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), Map.of())) {
      client.audio(PIECES.getFirst());
      assertEquals("UNAUTHORIZED", client.next("error").get("code").stringValue());
      assertEquals(4401, client.closeCode());
    }
  }

  private static String auth(TestService.Session user) {
    return "{\"type\":\"auth\",\"token\":\"" + user.accessToken() + "\"}";
  }

  private static void closed(int closeCode, String code, String first) throws Exception {
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), Map.of())) {
      client.send(first);
      assertEquals(code, client.next("error").get("code").stringValue());
      assertEquals(closeCode, client.closeCode());
    }
  }

  @Test
  void FR_006_an_expired_token_opens_no_session_but_does_not_end_one() throws Exception {
    TestService.Session user = service.newPro();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.get(0));
      service.clock().advance(Duration.ofMinutes(16));
      refused(401, "TOKEN_EXPIRED", "?token=" + user.accessToken());
      closed(4401, "TOKEN_EXPIRED", auth(user));
      client.audio(PIECES.get(1));
      client.endStream();
      client.next("complete");
      assertEquals(1000, client.closeCode());
    } finally {
      service.clock().advance(Duration.ofMinutes(-16));
    }
  }

  @Test
  void of_thirty_parallel_starts_of_one_user_one_opens() throws Exception {
    TestService.Session user = service.newPro();
    List<Future<RawVoiceClient>> starts = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 30; i++) {
        starts.add(threads.submit(() -> start(user)));
      }
    }
    int opened = 0;
    for (Future<RawVoiceClient> start : starts) {
      try (RawVoiceClient client = start.get()) {
        if (client.status() == 101) {
          opened++;
        } else {
          assertEquals(409, client.status(), client::errorCode);
        }
      }
    }
    assertEquals(1, opened);
    assertEquals(
        1,
        database.number(
            "select count(*) from notes.voice_sessions where user_id = ?", user.userId()));
    Eventually.within(LIMIT, () -> running(user) == 0);
  }

  /**
   * Starts again as clients do when a busy service answers SERVICE_UNAVAILABLE. Without a pause,
   * because each attempt waits for a connection.
   */
  private static RawVoiceClient start(TestService.Session user) throws IOException {
    String query = "?token=" + user.accessToken();
    RawVoiceClient client = new RawVoiceClient(service.port(), query);
    for (int attempt = 1; attempt < START_ATTEMPTS && isBusy(client); attempt++) {
      client.close();
      client = new RawVoiceClient(service.port(), query);
    }
    return client;
  }

  private static boolean isBusy(RawVoiceClient client) {
    return client.status() == 503 && client.errorCode().equals("SERVICE_UNAVAILABLE");
  }

  @Test
  void other_formats_than_webm_cost_nothing() throws Exception {
    TestService.Session user = service.newPro();
    int before = balance(user);
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio("RIFF0000WAVEfmt ".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      assertEquals("TRANSCRIPTION_FAILED", client.next("error").get("code").stringValue());
      assertEquals(4502, client.closeCode());
    }
    JsonNode record = onlyEnded(user);
    assertEquals("not_audio", record.get("end_reason").stringValue());
    assertEquals(0, record.get("credits_used").intValue());
    assertEquals(before, balance(user));
    assertEquals(0, service.deepgram().latest().messages());
  }

  @Test
  void undecodable_audio_is_refunded() throws Exception {
    service.deepgram().script(new Step.Close(1008, "DATA-0000"));
    TestService.Session user = service.newPro();
    int before = balance(user);
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.getFirst());
      assertEquals("TRANSCRIPTION_FAILED", client.next("error").get("code").stringValue());
      assertEquals(4502, client.closeCode());
    }
    assertEquals(0, onlyEnded(user).get("credits_used").intValue());
    assertEquals(before, balance(user));
    assertEquals(1, movements(database, user.userId(), "consume"));
    assertEquals(1, movements(database, user.userId(), "refund"));
  }

  @Test
  void a_provider_that_refuses_the_connection_costs_nothing() throws Exception {
    TestService.Session user = service.newPro();
    int before = balance(user);
    for (int status : new int[] {401, 402, 429, 500}) {
      service.deepgram().script(new Step.Refuse(status));
      try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
        assertEquals("TRANSCRIPTION_FAILED", client.next("error").get("code").stringValue());
        assertEquals(4502, client.closeCode());
      }
      Eventually.within(LIMIT, () -> running(user) == 0);
    }
    assertEquals(before, balance(user));
  }

  @Test
  void sessions_are_listed_newest_first_and_private() throws Exception {
    TestService.Session user = service.newPro();
    for (int i = 0; i < 3; i++) {
      service.clock().advance(Duration.ofSeconds(1));
      try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
        client.next("connected");
        client.endStream();
        client.next("complete");
      }
    }
    Api.Answer page = user.api().get("/api/v1/ai/voice-sessions?limit=2").expect(200);
    assertEquals(3, page.json().at("/pagination/total").intValue());
    assertEquals(2, page.data().size());
    String newest = page.data().get(0).get("started_at").stringValue();
    assertTrue(newest.compareTo(page.data().get(1).get("started_at").stringValue()) > 0);
    String one = "/api/v1/ai/voice-sessions/" + page.data().get(0).get("id").stringValue();
    service.newPro().api().get(one).expect(403, "FORBIDDEN");
    user.api().get("/api/v1/ai/voice-sessions/" + UUID.randomUUID()).expect(404, "NOT_FOUND");
    Api.Answer none = service.newPro().api().get("/api/v1/ai/voice-sessions").expect(200);
    assertEquals(0, none.data().size());
  }
}

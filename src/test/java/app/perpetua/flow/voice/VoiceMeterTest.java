package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static app.perpetua.flow.voice.VoiceFixture.balance;
import static app.perpetua.flow.voice.VoiceFixture.movements;
import static app.perpetua.flow.voice.VoiceFixture.onlyEnded;
import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.harness.time.MovableNanos;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Time limits and charges of live sessions. Tests move the time. */
class VoiceMeterTest {
  private static final MovableNanos nanos = new MovableNanos();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("VOICE_MAX_SECONDS", "90")
          .with("PRO_DAILY_CREDITS", "4")
          .with(VoiceFixture.timing(nanos));

  @AfterEach
  void invariants() {
    service.deepgram().recover();
    Invariants.check(database);
  }

  /** Five kickstart credits and four of the day pay for one minute. */
  @Test
  void FR_033_running_out_of_credits_at_minute_two_ends_the_session_with_its_transcript()
      throws Exception {
    service.deepgram().script(new Step.Final("One."), new Step.Final("Two."));
    TestService.Session user = service.newPro();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.get(0));
      client.next("transcript");
      nanos.advance(Duration.ofSeconds(61));
      assertEquals("INSUFFICIENT_CREDITS", client.next("error").get("code").stringValue());
      JsonNode complete = client.next("complete");
      assertEquals("One. Two.", complete.get("full_transcript").stringValue());
      assertEquals(5, complete.get("credits_used").intValue());
      assertEquals(4, complete.get("credits_remaining").intValue());
      assertEquals(4402, client.closeCode());
    }
    JsonNode record = onlyEnded(user);
    assertEquals("insufficient_credits", record.get("end_reason").stringValue());
    assertEquals(1, movements(database, user.userId(), "consume"));
  }

  @Test
  void FR_036_a_session_ends_at_its_maximum_and_each_started_minute_is_paid_once()
      throws Exception {
    TestService.Session user = service.newPro();
    VoiceFixture.grant(database, user.userId(), 20, 5);
    int before = balance(user);
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.get(0));
      awaitMinutes(user, 1);
      nanos.advance(Duration.ofSeconds(61));
      awaitMinutes(user, 2);
      nanos.advance(Duration.ofSeconds(30));
      assertEquals("MAX_DURATION_EXCEEDED", client.next("error").get("code").stringValue());
      JsonNode complete = client.next("complete");
      assertEquals(90, complete.get("duration_seconds").intValue());
      assertEquals(10, complete.get("credits_used").intValue());
      assertEquals(4408, client.closeCode());
    }
    assertEquals("max_duration", onlyEnded(user).get("end_reason").stringValue());
    assertEquals(before - 10, balance(user));
    assertEquals(2, movements(database, user.userId(), "consume"));
  }

  private static void awaitMinutes(TestService.Session user, int minutes) {
    Eventually.within(LIMIT, () -> movements(database, user.userId(), "consume") == minutes);
  }

  @Test
  void audio_that_is_longer_than_the_elapsed_time_counts_by_its_length() throws Exception {
    service.deepgram().secondsPerMessage(61);
    service.deepgram().script(new Step.Final("A minute and a second."));
    TestService.Session user = service.newPro();
    VoiceFixture.grant(database, user.userId(), 20, 5);
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.get(0));
      client.next("transcript");
      client.endStream();
      JsonNode complete = client.next("complete");
      assertTrue(complete.get("duration_seconds").intValue() >= 61);
      assertEquals(10, complete.get("credits_used").intValue());
    }
  }

  @Test
  void FR_033_audio_faster_than_its_own_length_ends_with_the_minute_that_is_paid()
      throws Exception {
    service.deepgram().secondsPerMessage(1);
    service
        .deepgram()
        .script(
            IntStream.rangeClosed(1, 88)
                .mapToObj(second -> new Step.Final("s" + second))
                .toArray(Step[]::new));
    TestService.Session user = service.newPro();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.get(0));
      for (int i = 1; i < 88; i++) {
        client.audio(PIECES.get(1));
      }
      client.endStream();
      assertEquals("INSUFFICIENT_CREDITS", client.next("error").get("code").stringValue());
      JsonNode complete = client.next("complete");
      assertEquals(
          IntStream.rangeClosed(1, 60).mapToObj(second -> "s" + second).collect(joining(" ")),
          complete.get("full_transcript").stringValue());
      assertEquals(60, complete.get("duration_seconds").intValue());
      assertEquals(5, complete.get("credits_used").intValue());
      assertEquals(4402, client.closeCode());
    }
    JsonNode record = onlyEnded(user);
    assertEquals("insufficient_credits", record.get("end_reason").stringValue());
    assertEquals(60, record.get("duration_seconds").intValue());
    assertEquals(4, balance(user));
  }

  @Test
  void FR_033_a_result_that_is_paid_in_part_is_cut_between_words() throws Exception {
    service.deepgram().secondsPerMessage(90);
    service.deepgram().script(new Step.Final("Half a minute, another, unpaid one."));
    TestService.Session user = service.newPro();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      client.audio(PIECES.get(0));
      assertEquals("INSUFFICIENT_CREDITS", client.next("error").get("code").stringValue());
      JsonNode complete = client.next("complete");
      assertEquals("Half a minute, another,", complete.get("full_transcript").stringValue());
      assertEquals(60, complete.get("duration_seconds").intValue());
      assertEquals(4402, client.closeCode());
    }
  }

  /** The balance sufficed when the client connected. */
  @Test
  void FR_033_credits_that_another_request_has_used_pay_for_no_minute() throws Exception {
    service.deepgram().script(new Step.Final("Unpaid."));
    TestService.Session user = service.newPro();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      user.api()
          .post(
              "/api/v1/ai/transcribe",
              Map.of("audio_url", "http://recordings.test/a.webm", "duration_seconds", 10))
          .expect(200);
      client.audio(PIECES.get(0));
      assertEquals("INSUFFICIENT_CREDITS", client.next("error").get("code").stringValue());
      JsonNode complete = client.next("complete");
      assertEquals("", complete.get("full_transcript").stringValue());
      assertEquals(0, complete.get("duration_seconds").intValue());
      assertEquals(0, complete.get("credits_used").intValue());
      assertEquals(4402, client.closeCode());
    }
    assertEquals(0, service.deepgram().latest().messages());
    assertEquals(4, balance(user));
  }

  @Test
  void silence_ends_a_session_without_an_error() throws Exception {
    TestService.Session user = service.newPro();
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), user.accessToken())) {
      client.next("connected");
      nanos.advance(VoiceFixture.SILENCE.plusMillis(1));
      assertEquals(0, client.next("complete").get("credits_used").intValue());
      assertEquals(1000, client.closeCode());
    }
    assertEquals("silence", onlyEnded(user).get("end_reason").stringValue());
  }

  @Test
  void authentication_has_a_timeout() throws Exception {
    try (RawVoiceClient client = new RawVoiceClient(service.port(), "")) {
      client.ping();
      nanos.advance(VoiceFixture.AUTHENTICATE.plusMillis(1));
      assertEquals("UNAUTHORIZED", client.next().get("code").stringValue());
      assertEquals(4401, client.closeCode());
    }
  }
}

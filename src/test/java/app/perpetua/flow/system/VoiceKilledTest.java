package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.fake.WebmFile;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Promises 18 and 24: the service stops or is killed during a live session. */
@Tag("system")
class VoiceKilledTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  private static final FakeDeepgram deepgram = new FakeDeepgram();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @AfterAll
  static void stop() {
    deepgram.close();
  }

  private static Map<String, String> environment() {
    Map<String, String> environment = stage.environment();
    environment.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    environment.put("DEEPGRAM_BASE_URL", deepgram.origin());
    return environment;
  }

  private static TestService.Session newPro(Jar jar) {
    TestService.Session user = stage.newUser(stage.api(jar));
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
    return user;
  }

  private static VoiceTestClient speaking(Jar jar, TestService.Session user) throws Exception {
    deepgram.script(new Step.Final("This was heard."));
    VoiceTestClient client = VoiceTestClient.open(jar.port(), user.accessToken());
    client.next("connected");
    client.audio(WebmFile.pieces(1).getFirst());
    client.next("transcript");
    return client;
  }

  private static JsonNode onlySession(TestService.Session user) {
    JsonNode all = user.api().get("/api/v1/ai/voice-sessions").expect(200).data();
    assertEquals(1, all.size());
    return all.get(0);
  }

  @Test
  void promise_24_a_stopping_service_ends_and_bills_the_session() throws Exception {
    Jar jar = stage.start(environment()).awaitReady();
    TestService.Session user = newPro(jar);
    try (VoiceTestClient client = speaking(jar, user)) {
      jar.terminate();
      assertEquals("This was heard.", client.next("complete").get("full_transcript").stringValue());
      assertEquals(1001, client.closeCode());
    }
    int code = jar.awaitExit(Duration.ofSeconds(30));
    assertTrue(code == 143 || code == 0, "exit code " + code);
    assertFalse(jar.all().contains(user.accessToken()), "a token in the log");
    assertFalse(jar.all().contains("This was heard"), "words in the log");
    Jar next = stage.startOn(jar.port(), environment()).awaitReady();
    assertTrue(next.isAlive());
    assertEquals("going_away", onlySession(user).get("end_reason").stringValue());
    assertEquals(5, onlySession(user).get("credits_used").intValue());
  }

  @Test
  void promise_18_the_session_of_a_killed_service_is_ended_and_billed_once() throws Exception {
    Jar jar = stage.start(environment()).awaitReady();
    TestService.Session user = newPro(jar);
    try (VoiceTestClient client = speaking(jar, user)) {
      jar.kill();
      assertEquals(1006, client.closeCode());
    }
    // Instead of waiting for it.
    database.run("update notes.voice_sessions set lease_until = now() - interval '1 second'");
    database.run("update ops.job_queue set run_at = created_at where kind = 'voice_session_end'");
    Jar next = stage.startOn(jar.port(), environment()).awaitReady();
    assertTrue(next.isAlive());
    Eventually.within(Duration.ofSeconds(30), () -> !onlySession(user).get("ended_at").isNull());
    JsonNode session = onlySession(user);
    assertEquals("process_gone", session.get("end_reason").stringValue());
    assertEquals("This was heard.", session.get("full_transcript").stringValue());
    assertEquals(5, session.get("credits_used").intValue());
  }
}

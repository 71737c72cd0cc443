package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** FR-072: one-time tickets of the voice socket, at two instances of the service. */
class VoiceTicketTest {
  private static final String TICKETS = "/api/v1/ws/voice/tickets";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with(VoiceFixture.TIMING);

  @Order(3)
  @RegisterExtension
  static final TestService other = new TestService(database).with(VoiceFixture.TIMING);

  @AfterEach
  void invariants() {
    Eventually.within(
        LIMIT,
        () ->
            database.number("select count(*) from notes.voice_sessions where ended_at is null")
                == 0);
    Invariants.check(database);
  }

  private static String ticket(Api api) {
    return api.post(TICKETS).expect(200).data().get("ticket").stringValue();
  }

  private static void refused(int status, String code, String query, String... headers)
      throws Exception {
    try (RawVoiceClient client = new RawVoiceClient(service.port(), query, headers)) {
      assertEquals(status, client.status());
      assertEquals(code, client.errorCode());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%FF%FE", "%C0%80", "%ED%A0%80", "a%80"})
  void a_ticket_that_is_not_UTF_8_is_no_valid_request(String ticket) throws Exception {
    refused(400, "VALIDATION_ERROR", "?ticket=" + ticket);
  }

  @Test
  void FR_072_a_ticket_opens_a_session_of_its_user_at_any_instance_once() throws Exception {
    TestService.Session user = service.newPro();
    JsonNode data = user.api().withoutKey().post(TICKETS).expect(200).data();
    assertEquals(30, data.get("expires_in").intValue());
    String query = "?ticket=" + data.get("ticket").stringValue();
    try (VoiceTestClient client = VoiceTestClient.openWith(other.port(), query)) {
      String session = client.next("connected").get("session_id").stringValue();
      user.api().get("/api/v1/ai/voice-sessions/" + session).expect(200);
      client.endStream();
      client.next("complete");
      assertEquals(1000, client.closeCode());
    }
    refused(401, "UNAUTHORIZED", query);
  }

  @Test
  void FR_072_of_twenty_sockets_with_one_ticket_at_two_instances_one_opens() throws Exception {
    TestService.Session user = service.newPro();
    String query = "?ticket=" + ticket(user.api());
    List<Future<RawVoiceClient>> starts = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 20; i++) {
        int port = i % 2 == 0 ? service.port() : other.port();
        starts.add(threads.submit(() -> new RawVoiceClient(port, query)));
      }
    }
    List<Integer> statuses = new ArrayList<>();
    for (Future<RawVoiceClient> start : starts) {
      try (RawVoiceClient client = start.get()) {
        statuses.add(client.status());
      }
    }
    assertEquals(1, Collections.frequency(statuses, 101), statuses::toString);
    assertEquals(19, Collections.frequency(statuses, 401), statuses::toString);
  }

  @Test
  void FR_072_a_ticket_expires_in_real_time() throws Exception {
    TestService.Session user = service.newPro();
    String expired = ticket(user.api());
    String valid = ticket(user.api());
    database.run(
        """
        update notes.voice_tickets set expires_at = clock_timestamp() where ticket_hash = ?
        """,
        Sha256.hash(expired));
    refused(401, "UNAUTHORIZED", "?ticket=" + expired);
    service.clock().advance(Duration.ofMinutes(14));
    try (RawVoiceClient client = new RawVoiceClient(service.port(), "?ticket=" + valid)) {
      assertEquals(101, client.status());
    } finally {
      service.clock().advance(Duration.ofMinutes(-14));
    }
  }

  @Test
  void FR_072_a_ticket_does_not_outlive_the_access_token() {
    TestService.Session user = service.newPro();
    Duration almost = Duration.ofMinutes(15).minusMillis(4_500);
    service.clock().advance(almost);
    try {
      JsonNode data = user.api().post(TICKETS).expect(200).data();
      assertEquals(5, data.get("expires_in").intValue());
      assertEquals(
          1,
          database.number(
              """
              select count(*) from notes.voice_tickets
              where user_id = ? and expires_at <= clock_timestamp() + interval '4500 ms'
              """,
              user.userId()));
    } finally {
      service.clock().advance(almost.negated());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%00",
        "%F0%9F%8E%9F",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D"
      })
  void FR_072_an_unknown_ticket_is_refused(String ticket) throws Exception {
    refused(401, "UNAUTHORIZED", "?ticket=" + ticket);
    refused(401, "UNAUTHORIZED", "?ticket=" + ticket + "&ticket=" + ticket);
    refused(401, "UNAUTHORIZED", "?ticket");
    // A valid token in the deprecated parameter does not help.
    refused(401, "UNAUTHORIZED", "?ticket=" + ticket + "&token=" + service.newPro().accessToken());
  }

  @Test
  void FR_072_a_ticket_is_no_token_and_a_token_no_ticket() throws Exception {
    TestService.Session user = service.newPro();
    String ticket = ticket(user.api());
    refused(401, "UNAUTHORIZED", "?token=" + ticket);
    refused(401, "UNAUTHORIZED", "", "Authorization: Bearer " + ticket);
    refused(401, "UNAUTHORIZED", "?ticket=" + user.accessToken());
    service.api().as(ticket).get("/api/v1/users/me").expect(401, "UNAUTHORIZED");
  }

  @Test
  void FR_072_a_header_takes_precedence_and_leaves_the_ticket_unused() throws Exception {
    TestService.Session user = service.newPro();
    String query = "?ticket=" + ticket(user.api());
    refused(401, "UNAUTHORIZED", query, "Authorization: Bearer x");
    try (RawVoiceClient client = new RawVoiceClient(service.port(), query)) {
      assertEquals(101, client.status());
    }
  }

  @Test
  void FR_072_a_refused_upgrade_uses_the_ticket_up() throws Exception {
    String query = "?ticket=" + ticket(service.newUser().api());
    refused(403, "TIER_REQUIRED", query);
    refused(401, "UNAUTHORIZED", query);
    TestService.Session pro = service.newPro();
    String foreign = "?ticket=" + ticket(pro.api());
    refused(403, "FORBIDDEN", foreign, "Origin: https://evil.example.com");
    refused(401, "UNAUTHORIZED", foreign);
  }

  @Test
  void FR_072_deleting_the_account_voids_its_tickets() throws Exception {
    TestService.Session user = service.newPro();
    String query = "?ticket=" + ticket(user.api());
    String email = user.api().get("/api/v1/users/me").data().get("email").stringValue();
    user.api().delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    refused(401, "UNAUTHORIZED", query);
    user.api().post(TICKETS).expect(401, "UNAUTHORIZED");
  }

  @Test
  void FR_138_an_ended_session_opens_no_socket() throws Exception {
    String subject = UUID.randomUUID().toString();
    Map<String, String> device = Map.of("id", UUID.randomUUID().toString(), "name", "phone");
    TestService.Session phone = service.signIn(subject, device);
    TestService.Session laptop = service.signIn(subject);
    database.run("update auth.users set tier = 'pro' where id = ?", phone.userId());
    String query = "?ticket=" + ticket(phone.api());
    String valid = "?ticket=" + ticket(laptop.api());
    laptop.api().delete("/api/v1/sessions").expect(204);

    refused(401, "UNAUTHORIZED", query);
    refused(401, "UNAUTHORIZED", "", "Authorization: Bearer " + phone.accessToken());
    refused(401, "UNAUTHORIZED", "?token=" + phone.accessToken());
    try (VoiceTestClient client = VoiceTestClient.openWith(service.port(), "")) {
      client.send("{\"type\":\"auth\",\"token\":\"" + phone.accessToken() + "\"}");
      assertEquals(4401, client.closeCode());
    }
    try (RawVoiceClient client = new RawVoiceClient(service.port(), valid)) {
      assertEquals(101, client.status());
    }
  }

  @Test
  void FR_072_every_request_gets_another_ticket_of_which_only_the_hash_is_stored() {
    TestService.Session user = service.newUser();
    Api keyed = user.api().withKey(UUID.randomUUID());
    String first = ticket(keyed);
    assertNotEquals(first, ticket(keyed), "a key has no effect");
    assertEquals(
        0,
        database.number(
            "select count(*) from ops.idempotency_keys where user_id = ?", user.userId()));
    Map<String, @Nullable Object> row =
        database.row(
            "select ticket_hash from notes.voice_tickets where user_id = ? order by expires_at limit 1",
            user.userId());
    assertArrayEquals(Sha256.hash(first), (byte[]) row.get("ticket_hash"));
    service.api().post(TICKETS).expect(401, "UNAUTHORIZED");
    user.api().invalidOnPurpose().post(TICKETS, Map.of("user", "x")).expect(400);
  }

  @Test
  void FR_072_expired_tickets_are_deleted_with_the_next_one_and_by_the_clean_up() {
    TestService.Session user = service.newUser();
    ticket(user.api());
    database.run(
        "update notes.voice_tickets set expires_at = clock_timestamp() where user_id = ?",
        user.userId());
    ticket(user.api());
    assertEquals(1, tickets(user));
    TestService.Session idle = service.newUser();
    ticket(idle.api());
    database.run(
        "update notes.voice_tickets set expires_at = clock_timestamp() where user_id = ?",
        idle.userId());
    service.clock().advance(Duration.ofDays(1));
    database.makeDays(service.clock().instant());
    service.runDueJobs();
    service.clock().advance(Duration.ofDays(-1));
    assertEquals(0, tickets(idle));
  }

  private static long tickets(TestService.Session user) {
    return database.number(
        "select count(*) from notes.voice_tickets where user_id = ?", user.userId());
  }

  @Test
  void FR_069b_answers_to_a_token_in_the_query_announce_its_end() throws Exception {
    TestService.Session user = service.newPro();
    for (String query : List.of("?token=" + user.accessToken(), "?token=x")) {
      try (RawVoiceClient client = new RawVoiceClient(service.port(), query)) {
        assertEquals("@1795824000", client.header("deprecation"), query);
        assertEquals("Tue, 01 Jun 2027 00:00:00 GMT", client.header("sunset"), query);
        assertEquals("</api/v1/docs>; rel=\"deprecation\"", client.header("link"), query);
      }
    }
    Eventually.within(
        LIMIT,
        () ->
            database.number("select count(*) from notes.voice_sessions where ended_at is null")
                == 0);
    try (RawVoiceClient client =
        new RawVoiceClient(service.port(), "?ticket=" + ticket(user.api()))) {
      assertEquals(101, client.status());
      assertEquals("", client.header("deprecation"));
    }
  }

  @Test
  void promise_27_no_ticket_is_logged() throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Handler all =
        new Handler() {
          @Override
          public void publish(LogRecord event) {
            lines.add(
                event.getMessage() + Arrays.toString(event.getParameters()) + event.getThrown());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("app.perpetua.flow");
    Level level = logger.getLevel();
    logger.addHandler(all);
    logger.setLevel(Level.ALL);
    TestService.Session user = service.newPro();
    String ticket = ticket(user.api());
    try (RawVoiceClient client = new RawVoiceClient(service.port(), "?ticket=" + ticket)) {
      assertEquals(101, client.status());
      refused(401, "UNAUTHORIZED", "?ticket=" + ticket);
    } finally {
      logger.removeHandler(all);
      logger.setLevel(level);
    }
    assertFalse(lines.isEmpty());
    assertFalse(lines.toString().contains(ticket));
  }
}

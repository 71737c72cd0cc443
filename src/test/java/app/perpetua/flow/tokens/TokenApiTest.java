package app.perpetua.flow.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.EventClient;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Personal access tokens over HTTP (FR-154 to FR-157). */
class TokenApiTest {
  private static final int LIMIT = 12;
  private static final RoundTripCounter ROUND_TRIPS = new RoundTripCounter();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("RATE_LIMIT_TOKEN", Integer.toString(LIMIT))
          .with("EVENT_STREAM_SECONDS", "840")
          .observedBy(ROUND_TRIPS);

  private static final String TOKENS = "/api/v1/tokens";
  private static final String TASKS = "/api/v1/tasks";
  private static final String ME = "/api/v1/users/me";
  private static final List<String> TASK_SCOPES = List.of("tasks:read", "tasks:write");

  private final String subject = UUID.randomUUID().toString();
  private TestService.Session user = service.signIn(subject);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_154_a_token_is_shown_once_and_stored_as_a_hash() {
    JsonNode created = create(user, TASK_SCOPES);
    String secret = created.get("secret").stringValue();
    assertTrue(TokenText.parse(secret).isPresent(), secret);
    assertEquals(
        Duration.ofDays(90),
        Duration.between(instant(created, "created_at"), instant(created, "expires_at")));

    Api.Answer listed = user.api().get(TOKENS).expect(200);
    assertFalse(listed.text().contains(secret.substring(50)), listed.text());
    assertEquals(created.get("id"), listed.data().get(0).get("id"));
    assertEquals("[\"tasks:read\",\"tasks:write\"]", listed.data().get(0).get("scopes").toString());
    assertTrue(listed.data().get(0).get("last_used_at").isNull());
    assertArrayEquals(
        Sha256.hash(secret),
        (byte[])
            database
                .row(
                    "select token_hash from auth.personal_tokens where id = ?",
                    UUID.fromString(created.get("id").stringValue()))
                .get("token_hash"));

    Api program = service.api().as(secret);
    String task = program.createTask("buy milk");
    assertEquals(
        "buy milk", program.get(TASKS + "/" + task).expect(200).data().get("title").stringValue());
    assertEquals(task, user.api().get(TASKS + "/" + task).expect(200).id());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"name\": \"a\"}",
        "{\"name\": \"a\", \"scopes\": []}",
        "{\"name\": \"a\", \"scopes\": [\"tasks:delete\"]}",
        "{\"name\": \"a\", \"scopes\": \"tasks:read\"}",
        "{\"name\": \" \", \"scopes\": [\"tasks:read\"]}",
        "{\"name\": \"a\", \"scopes\": [\"tasks:read\"], \"expires_in_days\": 0}",
        "{\"name\": \"a\", \"scopes\": [\"tasks:read\"], \"expires_in_days\": 366}",
        "{\"name\": \"a\", \"scopes\": [\"tasks:read\"], \"expires_in_days\": null}",
        "{\"name\": \"a\", \"scopes\": [\"tasks:read\"], \"user_id\": 1}",
      })
  void FR_154_an_invalid_request_creates_nothing(String body) {
    user.api()
        .invalidOnPurpose()
        .post(TOKENS, new Json().parse(body))
        .expect(400, "VALIDATION_ERROR");
    assertEquals(0, user.api().get(TOKENS).expect(200).data().size());
  }

  @Test
  void FR_154_a_wrong_checksum_is_refused_without_a_query() {
    String secret = secret(user, TASK_SCOPES);
    String forged = secret.substring(0, secret.length() - 1) + (secret.endsWith("0") ? "1" : "0");
    int least = Integer.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      least =
          Math.min(
              least,
              ROUND_TRIPS.during(
                  () -> service.api().as(forged).get(TASKS).expect(401, "UNAUTHORIZED")));
    }
    assertEquals(0, least);
  }

  @Test
  void FR_154_a_token_with_another_secret_or_an_unknown_id_is_refused_like_any_other() {
    JsonNode created = create(user, TASK_SCOPES);
    UUID id = UUID.fromString(created.get("id").stringValue());
    Api known = service.api().as(created.get("secret").stringValue());
    known.get(TASKS).expect(200);
    String any = service.api().as("x").with("X-Request-ID", "same").get(TASKS).expect(401).text();
    for (UUID tokenId : List.of(id, UUID.randomUUID())) {
      String forged = TokenText.create(tokenId, new SecureRandom()).text();
      assertEquals(
          any, service.api().as(forged).with("X-Request-ID", "same").get(TASKS).expect(401).text());
    }
    known.get(TASKS).expect(200);
  }

  @Test
  void FR_156_a_revoked_token_is_refused_on_the_next_request() {
    JsonNode created = create(user, TASK_SCOPES);
    String id = created.get("id").stringValue();
    Api program = service.api().as(created.get("secret").stringValue());
    Api keyed = program.withKey(UUID.randomUUID());
    keyed.post(TASKS, Map.of("title", "a")).expect(201);
    user.api().delete(TOKENS + "/" + id).expect(204);
    program.get(TASKS).expect(401, "UNAUTHORIZED");
    keyed.post(TASKS, Map.of("title", "a")).expect(401, "UNAUTHORIZED");
    user.api().delete(TOKENS + "/" + id).expect(404, "NOT_FOUND");
    assertEquals(
        List.of("user_token_created", "user_token_revoked"),
        database
            .rows(
                "select action from activity.activity_logs where user_id = ? and metadata->>'token' = ?"
                    + " order by id",
                user.userId(),
                id)
            .stream()
            .map(row -> row.get("action"))
            .toList());
  }

  @Test
  void FR_156_a_token_that_another_process_has_revoked_is_refused_on_the_next_request() {
    JsonNode created = create(user, TASK_SCOPES);
    Api program = service.api().as(created.get("secret").stringValue());
    program.get(TASKS).expect(200);
    database.run(
        "delete from auth.personal_tokens where id = ?",
        UUID.fromString(created.get("id").stringValue()));
    program.get(TASKS).expect(401, "UNAUTHORIZED");
    program.post(TASKS, Map.of("title", "a")).expect(401, "UNAUTHORIZED");
    assertEquals(0, user.api().get(TASKS).expect(200).data().size());
  }

  @Test
  void FR_156_the_check_costs_no_round_trip() {
    Api program = service.api().as(secret(user, TASK_SCOPES));
    program.get(TASKS).expect(200);
    user.api().get(TASKS).expect(200);
    int byUser = Integer.MAX_VALUE;
    int byProgram = Integer.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      byUser = Math.min(byUser, ROUND_TRIPS.during(() -> user.api().get(TASKS).expect(200)));
      byProgram = Math.min(byProgram, ROUND_TRIPS.during(() -> program.get(TASKS).expect(200)));
    }
    assertEquals(byUser, byProgram);
  }

  @Test
  void FR_156_event_streams_of_a_revoked_token_end() {
    JsonNode created =
        create(user, List.of("tasks:read", "notes:read", "reminders:read", "account:read"));
    try (EventClient stream =
        EventClient.open(service.port(), created.get("secret").stringValue())) {
      stream.next("ready");
      user.api().delete(TOKENS + "/" + created.get("id").stringValue()).expect(204);
      assertEquals("session_ended", stream.endReason());
    }
  }

  @Test
  void FR_156_a_token_ends_with_its_lifetime_and_with_the_account() {
    JsonNode created =
        user.api()
            .post(TOKENS, Map.of("name", "a", "scopes", TASK_SCOPES, "expires_in_days", 1))
            .expect(201)
            .data();
    Api program = service.api().as(created.get("secret").stringValue());
    program.get(TASKS).expect(200);
    service.clock().advance(Duration.ofDays(1).minusMillis(1));
    program.get(TASKS).expect(200);
    advance(Duration.ofMillis(1));
    JsonNode error = program.get(TASKS).expect(401, "TOKEN_EXPIRED").json().get("error");
    assertFalse(error.get("refresh_required").booleanValue());

    TestService.Session other = service.newUser();
    Api ofOther = service.api().as(secret(other, TASK_SCOPES));
    ofOther.get(TASKS).expect(200);
    String email = other.api().get(ME).expect(200).data().get("email").stringValue();
    other.api().delete(ME, Map.of("confirm", email)).expect(204);
    ofOther.get(TASKS).expect(401, "UNAUTHORIZED");
  }

  @Test
  void FR_155_a_token_has_a_rate_limit_of_its_own() {
    Api program = service.api().as(secret(user, TASK_SCOPES));
    Api other = service.api().as(secret(user, TASK_SCOPES));
    for (int i = 0; i < LIMIT; i++) {
      program.get(TASKS).expect(200);
    }
    program.get(TASKS).expect(429, "RATE_LIMIT_EXCEEDED");
    other.get(TASKS).expect(200);
    user.api().get(TASKS).expect(200);
  }

  @Test
  void FR_154_the_last_use_is_stored_once_a_minute() {
    Api program = service.api().as(secret(user, TASK_SCOPES));
    Instant first = service.clock().instant();
    program.get(TASKS).expect(200);
    service.clock().advance(Duration.ofSeconds(59));
    program.get(TASKS).expect(200);
    assertEquals(first, lastUse());
    service.clock().advance(Duration.ofSeconds(1));
    program.get(TASKS).expect(200);
    assertEquals(first.plusSeconds(60), lastUse());
  }

  @Test
  void FR_157_the_user_is_notified_a_week_before_the_expiry_once() {
    JsonNode created =
        user.api()
            .post(TOKENS, Map.of("name", "Backup", "scopes", TASK_SCOPES, "expires_in_days", 10))
            .expect(201)
            .data();
    user.api()
        .post(TOKENS, Map.of("name", "Short", "scopes", TASK_SCOPES, "expires_in_days", 7))
        .expect(201);
    List<String> bodies = new ArrayList<>();
    for (int day = 0; day < 11; day++) {
      service.runDueJobs();
      bodies.add(String.join("|", notices()));
      advance(Duration.ofDays(1));
    }
    int first = bodies.indexOf(bodies.getLast());
    assertEquals(3, first, bodies.toString());
    assertEquals("", bodies.get(first - 1));
    assertEquals(1, notices().size());
    assertTrue(notices().getFirst().contains("“Backup”"), notices().toString());
    String revoked = create(user, TASK_SCOPES).get("id").stringValue();
    user.api().delete(TOKENS + "/" + revoked).expect(204);
    advance(Duration.ofDays(84));
    service.runDueJobs();
    assertEquals(1, notices().size());
    // A month after their expiry.
    assertTrue(user.api().get(TOKENS).expect(200).data().isEmpty(), created.toString());
  }

  @Test
  void FR_154_of_creations_that_meet_at_the_limit_one_succeeds() throws Exception {
    for (int i = 0; i < PersonalTokens.MAX - 1; i++) {
      create(user, TASK_SCOPES);
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Api.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        answers.add(
            threads.submit(
                () -> user.api().post(TOKENS, Map.of("name", "a", "scopes", TASK_SCOPES))));
      }
      int created = 0;
      for (Future<Api.Answer> answer : answers) {
        if (answer.get().status() == 201) {
          created++;
        } else {
          answer.get().expect(409, "LIMIT_EXCEEDED");
        }
      }
      assertEquals(1, created);
    }
    assertEquals(PersonalTokens.MAX, user.api().get(TOKENS).expect(200).data().size());
  }

  @Test
  void FR_155_activity_entries_name_the_token() {
    JsonNode created = create(user, TASK_SCOPES);
    String task = service.api().as(created.get("secret").stringValue()).createTask("a");
    user.api().createTask("b");
    List<Map<String, Object>> entries =
        database.rows(
            "select metadata->>'token_id' as id, metadata->>'token_name' as name, entity_id::text as"
                + " entity from activity.activity_logs where user_id = ? and action = 'task_created'"
                + " and jsonb_exists(metadata, 'token_id')",
            user.userId());
    assertEquals(
        List.of(Map.of("id", created.get("id").stringValue(), "name", "Scripts", "entity", task)),
        entries);
  }

  @Test
  void FR_155_a_command_of_a_batch_needs_the_scopes_of_its_operation() {
    Api program =
        service
            .api()
            .as(secret(user, List.of("tasks:write", "notes:write", "reminders:write")))
            .withoutKey();
    UUID task = UUID.randomUUID();
    UUID settings = UUID.randomUUID();
    JsonNode results =
        program
            .post(
                "/api/v1/sync",
                Map.of(
                    "commands",
                    List.of(
                        Map.of("uuid", task, "type", "task.create", "args", Map.of("title", "a")),
                        Map.of(
                            "uuid",
                            settings,
                            "type",
                            "settings.update",
                            "args",
                            Map.of("name", "b")))))
            .expect(200)
            .data()
            .get("results");
    assertEquals(201, results.get(task.toString()).get("status").intValue());
    assertEquals(
        "INSUFFICIENT_SCOPE",
        results.get(settings.toString()).get("error").get("code").stringValue());
  }

  /** The user's access token expires meanwhile. */
  private void advance(Duration time) {
    service.clock().advance(time);
    user = service.signIn(subject);
  }

  private static JsonNode create(TestService.Session of, List<String> scopes) {
    return of.api().post(TOKENS, Map.of("name", "Scripts", "scopes", scopes)).expect(201).data();
  }

  private static String secret(TestService.Session of, List<String> scopes) {
    return create(of, scopes).get("secret").stringValue();
  }

  private static Instant instant(JsonNode token, String member) {
    return Instant.parse(token.get(member).stringValue());
  }

  private Instant lastUse() {
    return instant(user.api().get(TOKENS).expect(200).data().get(0), "last_used_at");
  }

  private List<String> notices() {
    return database
        .rows(
            "select body from activity.notifications where user_id = ? and dedup_key like"
                + " 'token_expiry:%' order by created_at",
            user.userId())
        .stream()
        .map(row -> String.valueOf(row.get("body")))
        .toList();
  }
}

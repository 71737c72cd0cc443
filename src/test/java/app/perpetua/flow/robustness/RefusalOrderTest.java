package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A request with two errors gets the one that comes first in this order: 401, rate limit 429, key
 * 400, body 400, 413 or 415, reused key 422 or 409, 404 or 403, archived 409, tier 403, limit 409,
 * credits 402, AI requests per task 429. Each test sends both errors at once, and each alone where
 * that is not obvious.
 */
class RefusalOrderTest {
  private static final int LIMIT = 40;
  private static final String TASKS = "/api/v1/tasks";
  private static final String TOO_LARGE = "{\"title\":\"" + "x".repeat(300_000) + "\"}";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("RATE_LIMIT_GENERAL", Integer.toString(LIMIT))
          .with("FREE_MAX_TASKS", "3")
          .with("FREE_MAX_SUBTASKS", "1");

  private final Api api = service.newUser().api();

  /** The same user, with a client that may violate the contract. */
  private final Api invalid = api.invalidOnPurpose();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void unknown_methods_and_paths_are_reported_before_authentication() {
    service.api().invalidOnPurpose().post(TASKS + "/" + UUID.randomUUID()).expect(405);
    service.api().invalidOnPurpose().get("/api/v1/nothing").expect(404, "NOT_FOUND");
  }

  @Test
  void FR_004_a_missing_token_is_reported_before_any_other_error() {
    exhaust(api);
    for (Api unauthenticated : List.of(service.api(), service.api().as("x"))) {
      unauthenticated
          .invalidOnPurpose()
          .withoutKey()
          .with("Content-Type", "text/plain")
          .post(TASKS, "{")
          .expect(401, "UNAUTHORIZED");
      unauthenticated.invalidOnPurpose().post(TASKS, TOO_LARGE).expect(401, "UNAUTHORIZED");
      unauthenticated.invalidOnPurpose().get(TASKS + "/x").expect(401, "UNAUTHORIZED");
    }
  }

  @Test
  void FR_061_the_rate_limit_is_checked_before_key_body_and_id() {
    exhaust(api);
    invalid.withoutKey().post(TASKS, "{").expect(429, "RATE_LIMIT_EXCEEDED");
    invalid.post(TASKS, TOO_LARGE).expect(429, "RATE_LIMIT_EXCEEDED");
    invalid.get(TASKS + "/x").expect(429, "RATE_LIMIT_EXCEEDED");
    invalid.with("Content-Type", "text/plain").post(TASKS, "x").expect(429, "RATE_LIMIT_EXCEEDED");
  }

  @Test
  void FR_059_a_missing_or_malformed_key_is_reported_before_body_errors() {
    for (Api keyless : List.of(invalid.withoutKey(), invalid.with("Idempotency-Key", "x"))) {
      assertEquals("Idempotency-Key", firstError(keyless.post(TASKS, "{")));
      assertEquals("Idempotency-Key", firstError(keyless.post(TASKS, Map.of("title", 7))));
      assertEquals("Idempotency-Key", firstError(keyless.post(TASKS, TOO_LARGE)));
      assertEquals(
          "Idempotency-Key",
          firstError(keyless.with("Content-Type", "text/plain").post(TASKS, "x")));
      assertEquals(
          "Idempotency-Key",
          firstError(keyless.patch(TASKS + "/" + UUID.randomUUID(), Map.of("completed", true))));
    }
  }

  @Test
  void body_size_is_checked_before_content_type_and_content() {
    Api plain = invalid.with("Content-Type", "text/plain");
    plain.post(TASKS, TOO_LARGE).expect(413, "PAYLOAD_TOO_LARGE");
    plain.post(TASKS, "{").expect(415, "UNSUPPORTED_MEDIA_TYPE");
    invalid.post(TASKS, TOO_LARGE.substring(1)).expect(413, "PAYLOAD_TOO_LARGE");
  }

  @Test
  void FR_059_body_errors_are_reported_before_a_reused_key() {
    UUID key = UUID.randomUUID();
    api.withKey(key).post(TASKS, Map.of("title", "a")).expect(201);
    invalid.withKey(key).post(TASKS, Map.of("title", "")).expect(400, "VALIDATION_ERROR");
    invalid.withKey(key).post(TASKS, TOO_LARGE).expect(413, "PAYLOAD_TOO_LARGE");
    invalid.withKey(key).with("Content-Type", "text/plain").post(TASKS, "x").expect(415);
    api.withKey(key).post(TASKS, Map.of("title", "b")).expect(422, "IDEMPOTENCY_KEY_REUSED");
  }

  @Test
  void FR_059_a_reused_key_is_reported_before_ownership_existence_and_archive() {
    UUID key = UUID.randomUUID();
    String task = create(api);
    api.withKey(key).patch(task, Map.of("archived", true)).expect(200);
    Api again = api.withKey(key);
    again.patch(create(service.newUser().api()), Map.of("hidden", true)).expect(422);
    again.patch(TASKS + "/" + UUID.randomUUID(), Map.of("hidden", true)).expect(422);
    again.patch(task, Map.of("hidden", true)).expect(422, "IDEMPOTENCY_KEY_REUSED");
    api.patch(task, Map.of("hidden", true)).expect(409, "ARCHIVED");
  }

  @Test
  void FR_005_body_errors_are_reported_before_ownership_and_existence() {
    String foreign = create(service.newUser().api());
    for (String target : List.of(foreign, TASKS + "/" + UUID.randomUUID())) {
      invalid.patch(target, Map.of("priority", "urgent")).expect(400, "VALIDATION_ERROR");
      invalid.patch(target, Map.of("title", "no version")).expect(400, "VALIDATION_ERROR");
      invalid.patch(target, "{").expect(400, "VALIDATION_ERROR");
      String past = Json.instant(service.clock().instant().minusSeconds(1));
      api.patch(target, Map.of("version", 1, "due_date", past)).expect(400, "VALIDATION_ERROR");
      api.patch(target, Map.of("version", 1, "description", "x".repeat(1_001)))
          .expect(400, "VALIDATION_ERROR");
      invalid.post(target + "/subtasks", Map.of("title", "")).expect(400, "VALIDATION_ERROR");
      invalid.post(target + "/force-complete", Map.of()).expect(400, "VALIDATION_ERROR");
    }
    assertEquals(403, api.patch(foreign, Map.of("completed", true)).status());
  }

  @Test
  void FR_005_ownership_is_checked_before_archive_and_version() {
    Api owner = service.newUser().api();
    String foreign = create(owner);
    owner.patch(foreign, Map.of("archived", true)).expect(200);
    api.patch(foreign, Map.of("completed", true)).expect(403, "FORBIDDEN");
    api.patch(foreign, Map.of("version", 77, "title", "x")).expect(403, "FORBIDDEN");
    api.post(foreign + "/subtasks", Map.of("title", "x")).expect(403, "FORBIDDEN");
  }

  @Test
  void FR_011_an_archived_task_is_reported_before_the_limit() {
    String task = create(api);
    api.post(task + "/subtasks", Map.of("title", "one")).expect(201);
    api.post(task + "/subtasks", Map.of("title", "two")).expect(409, "LIMIT_EXCEEDED");
    api.patch(task, Map.of("archived", true)).expect(200);
    api.post(task + "/subtasks", Map.of("title", "two")).expect(409, "ARCHIVED");
  }

  @Test
  void FR_007_field_errors_including_tier_limits_are_reported_before_the_task_limit() {
    for (int i = 0; i < 3; i++) {
      create(api);
    }
    invalid.post(TASKS, Map.of("title", "")).expect(400, "VALIDATION_ERROR");
    api.post(TASKS, Map.of("title", "x", "description", "x".repeat(1_001)))
        .expect(400, "VALIDATION_ERROR");
    api.post(TASKS, Map.of("title", "x")).expect(409, "LIMIT_EXCEEDED");
  }

  private static void exhaust(Api api) {
    for (int i = 0; i < LIMIT; i++) {
      assertTrue(api.get("/api/v1/users/me").status() < 300);
    }
    api.get("/api/v1/users/me").expect(429, "RATE_LIMIT_EXCEEDED");
  }

  private static String create(Api api) {
    return TASKS + "/" + api.createTask("a");
  }

  private static String firstError(Api.Answer answer) {
    return answer.expect(400, "VALIDATION_ERROR").json().at("/error/details/0/field").stringValue();
  }
}

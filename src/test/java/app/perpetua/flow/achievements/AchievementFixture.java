package app.perpetua.flow.achievements;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A user who completes tasks, and a clock that moves with the user's session. */
final class AchievementFixture {
  static final String TASKS = "/api/v1/tasks";

  private final TestDatabase database;
  private final TestService service;
  private final String subject = "google-" + UUID.randomUUID();
  private TestService.Session session;

  AchievementFixture(TestDatabase database, TestService service) {
    this.database = database;
    this.service = service;
    this.session = service.signIn(subject);
  }

  Api api() {
    return session.api();
  }

  UUID user() {
    return session.userId();
  }

  /** Signs in again, as the access token expires. */
  void at(Instant instant) {
    service.clock().set(instant);
    session = service.signIn(subject);
  }

  void at(String instant) {
    at(Instant.parse(instant));
  }

  String create() {
    return api().createTask("a");
  }

  String subtask(String task) {
    return api().createSubtask(task, "a");
  }

  Api.Answer set(String task, boolean completed) {
    return api().patch(TASKS + "/" + task, Map.of("completed", completed)).expect(200);
  }

  /** Completes a new task. */
  Api.Answer done() {
    return set(create(), true);
  }

  Api.Answer force(String task) {
    int version = api().get(TASKS + "/" + task).expect(200).data().get("version").intValue();
    return api()
        .post(TASKS + "/" + task + "/force-complete", Map.of("version", version))
        .expect(200);
  }

  Api.Answer finish(String subtask) {
    return api().patch("/api/v1/subtasks/" + subtask, Map.of("completed", true)).expect(200);
  }

  JsonNode mine() {
    return api().get("/api/v1/achievements/me").expect(200).data();
  }

  int stat(String name) {
    return mine().get("stats").get(name).intValue();
  }

  int streak() {
    return stat("current_streak");
  }

  /** The stored value of a counter. */
  int stored(String column) {
    return (int)
        database.number(
            "select " + column + " from achievements.user_achievement_states where user_id = ?",
            user());
  }

  long entries(String action, String source) {
    return database.number(
        """
        select count(*) from activity.activity_logs
        where user_id = ? and action = ? and source = ?
        """,
        user(),
        action,
        source);
  }

  /** Makes the database reject changes of this user's counters, until {@link #allow}. */
  void forbid() {
    database.run(
        "alter table achievements.user_achievement_states add constraint forbidden"
            + " check (user_id <> '"
            + user()
            + "') not valid");
  }

  void allow() {
    database.run("alter table achievements.user_achievement_states drop constraint forbidden");
  }

  static List<String> ids(@Nullable JsonNode achievements) {
    return achievements == null
        ? List.of("missing")
        : achievements.values().stream().map(one -> one.get("id").stringValue()).toList();
  }

  /** The ids of the achievements that a response lists as unlocked. */
  static List<String> unlocked(Api.Answer answer) {
    JsonNode beside = answer.json().get("unlocked_achievements");
    return ids(beside == null ? answer.data().get("unlocked_achievements") : beside);
  }
}

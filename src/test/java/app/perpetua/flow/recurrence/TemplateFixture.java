package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A user with templates, whose session is renewed when the clock is advanced. */
final class TemplateFixture {
  static final String TEMPLATES = "/api/v1/templates";
  static final String TASKS = "/api/v1/tasks";

  private final TestDatabase database;
  private final TestService service;
  private final String subject = "google-" + UUID.randomUUID();
  private TestService.Session session;

  TemplateFixture(TestDatabase database, TestService service) {
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

  Instant now() {
    return service.clock().instant();
  }

  void advance(Duration duration) {
    until(now().plus(duration));
  }

  /** Signs in again, as the access token expires. */
  void until(Instant instant) {
    service.clock().set(instant);
    session = service.signIn(subject);
  }

  /** Runs all due jobs, including those of other tests' users. */
  List<Worker.Run> runDue() {
    return service.runDueJobs();
  }

  Api.Answer create(String rrule, Map<String, ?> more) {
    Map<String, Object> body = new HashMap<>(Map.of("title", "again", "rrule", rrule));
    body.putAll(more);
    return api().post(TEMPLATES, body).expect(201);
  }

  /** Creates a daily template; returns its id. */
  String daily(Instant start) {
    return create("FREQ=DAILY", Map.of("starts_at", Json.instant(start))).id();
  }

  JsonNode template(String id) {
    return api().get(TEMPLATES + "/" + id).expect(200).data();
  }

  JsonNode patch(String id, Map<String, ?> body) {
    return api().patch(TEMPLATES + "/" + id, body).expect(200).data();
  }

  /** The open instances, soonest due first. */
  List<JsonNode> open(String template) {
    return api()
        .get(TASKS + "?completed=false&sort=due_date&template_id=" + template)
        .expect(200)
        .data()
        .values()
        .stream()
        .toList();
  }

  JsonNode onlyOpen(String template) {
    List<JsonNode> open = open(template);
    if (open.size() != 1) {
      throw new AssertionError("expected one open instance, got " + open);
    }
    return open.getFirst();
  }

  long instances(String template) {
    return database.number(
        "select count(*) from tasks.task_instances where template_id = ?",
        UUID.fromString(template));
  }

  Api.Answer complete(JsonNode task) {
    return api().patch(TASKS + "/" + id(task), Map.of("completed", true)).expect(200);
  }

  Api.Answer delete(JsonNode task) {
    return api().delete(TASKS + "/" + id(task)).expect(200);
  }

  /** When the template's pending job runs; null if there is none. */
  @Nullable Instant jobTime(String template) {
    return (Instant)
        database
            .row(
                """
                select max(run_at) as run_at from ops.job_queue
                where kind = 'recurring_task_generate' and job_key = ?
                  and state in ('queued', 'running')
                """,
                template)
            .get("run_at");
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

  static String id(JsonNode node) {
    return node.get("id").stringValue();
  }

  static Instant instant(JsonNode node, String field) {
    return Instant.parse(node.get(field).stringValue());
  }

  static Instant due(JsonNode task) {
    return instant(task, "due_date");
  }

  /** Starts all calls at the same time. */
  static <T> List<T> parallel(int count, Callable<T> work) throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> futures =
          IntStream.range(0, count)
              .mapToObj(
                  _ ->
                      executor.submit(
                          () -> {
                            go.await();
                            return work.call();
                          }))
              .toList();
      go.countDown();
      List<T> results = new java.util.ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    }
  }
}

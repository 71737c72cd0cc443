package app.perpetua.flow.imports;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * From one account into another. {@code -Dtasks=50000} measures a large account; without it, the
 * account is small, and nothing is measured.
 */
class TransferTest {
  private static final int TASKS = Integer.getInteger("tasks", 1_300);
  private static final boolean LARGE = TASKS >= 50_000;
  private static final Duration LONGEST_EXPORT = Duration.ofSeconds(10);
  private static final long LARGEST_GROWTH = 64L * 1024 * 1024;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  @Test
  void FR_178_a_large_account_is_exported_quickly_and_imported_completely() throws Exception {
    TestService.Session ada = service.newUser();
    fill(ada.userId());
    byte[] export = LARGE ? measured(ada) : export(ada);
    if (!LARGE) {
      assertValid(export);
    }
    TestService.Session eve = service.newUser();
    long start = System.nanoTime();
    Api packed =
        eve.api().with("Content-Type", "application/octet-stream").with("Content-Encoding", "gzip");
    String id = packed.post("/api/v1/imports?source=perpetua_flow", gzip(export)).expect(201).id();
    service.runDueJobs();
    System.out.println("imported in " + Duration.ofNanos(System.nanoTime() - start));
    JsonNode done = eve.api().get("/api/v1/imports/" + id).expect(200).data();
    assertEquals("done", done.get("state").stringValue(), done.toString());
    assertEquals(TASKS, done.get("added").get("tasks").intValue(), done.toString());
    assertEquals(Portable.of(export), Portable.of(export(eve)));
    Invariants.check(database);
  }

  private static void fill(UUID user) {
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, description, priority, due_date, estimated_duration, subtask_count,
           created_at, updated_at)
        select gen_random_uuid(), ?, 'Task ' || k, repeat('words of a description ', k % 10),
               (array['low', 'medium', 'high'])[1 + k % 3], timestamptz '2026-03-01' + k * interval '1 min',
               1 + k % 700, 2, timestamptz '2026-01-01' + k * interval '1 ms', timestamptz '2026-01-02'
        from generate_series(1, ?) k
        """,
        user, TASKS);
    database.run(
        """
        insert into tasks.subtasks (id, user_id, task_id, title, order_index, created_at, updated_at)
        select gen_random_uuid(), t.user_id, t.id, 'Step ' || n, n, t.created_at, t.updated_at
        from tasks.task_instances t cross join generate_series(0, 1) n
        where t.user_id = ?
        """,
        user);
    database.run("update auth.users set open_tasks = ? where id = ?", TASKS, user);
    // As autovacuum would within a minute.
    database.run("analyze tasks.task_instances, tasks.subtasks, tasks.reminders");
    // As tasks that were imported, for the invariants.
    database.run(
        """
        insert into tasks.imports
          (id, user_id, source, dry_run, state, file_bytes, compressed, timezone, tasks_added,
           created_at, finished_at)
        values (gen_random_uuid(), ?, 'icalendar', false, 'done', 1, false, 'UTC', ?, now(), now())
        """,
        user,
        TASKS);
  }

  private static byte[] export(TestService.Session user) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    read(user, bytes);
    return bytes.toByteArray();
  }

  private static void read(TestService.Session user, OutputStream out) throws Exception {
    URI uri = URI.create("http://localhost:" + service.port() + "/api/v1/users/me/export");
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<InputStream> answer =
          client.send(
              HttpRequest.newBuilder(uri)
                  .header("Authorization", "Bearer " + user.accessToken())
                  .build(),
              HttpResponse.BodyHandlers.ofInputStream());
      assertEquals(200, answer.statusCode());
      try (InputStream in = answer.body()) {
        in.transferTo(out);
      }
    }
  }

  /** Reads it once to measure, without keeping it, and once more. */
  private static byte[] measured(TestService.Session user) throws Exception {
    read(user, OutputStream.nullOutputStream());
    long before = usedAfterCollection();
    AtomicLong largest = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    Thread sampler =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!done.get()) {
                    largest.accumulateAndGet(usedAfterCollection(), Math::max);
                    // Collecting without a pause would leave the service no time.
                    LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
                  }
                });
    long start = System.nanoTime();
    read(user, OutputStream.nullOutputStream());
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    done.set(true);
    sampler.join();
    long growth = largest.get() - before;
    System.out.println("exported in " + took + ", heap grew by " + growth / 1024 + " KiB");
    assertTrue(took.compareTo(LONGEST_EXPORT) < 0, took::toString);
    assertTrue(growth < LARGEST_GROWTH, () -> growth + " bytes");
    return export(user);
  }

  private static long usedAfterCollection() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static void assertValid(byte[] export) throws IOException {
    try (InputStream in = TransferTest.class.getResourceAsStream("/export-schema.json")) {
      Schema schema =
          SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(in);
      String text = new String(export, StandardCharsets.UTF_8);
      assertEquals(List.of(), schema.validate(text, InputFormat.JSON));
      assertTrue(text.startsWith("{\"format\":\"perpetua-flow/1\""), "the first member");
      String wrong = text.replaceFirst("\"title\" : \"Task 1\"", "\"title\" : 1");
      assertEquals(1, schema.validate(wrong, InputFormat.JSON).size(), "the schema finds a fault");
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  @Test
  void FR_178_an_import_that_is_interrupted_goes_on_where_it_was() {
    TestService.Session user = service.newUser();
    StringBuilder csv = new StringBuilder("TYPE,CONTENT\n");
    for (int i = 1; i <= 1_200; i++) {
      csv.append("task,Task ").append(i).append('\n');
    }
    database.run(
        """
        create function tasks.fail() returns trigger language plpgsql as $$
        begin
          if new.title = 'Task 700' then
            raise exception 'interrupted';
          end if;
          return new;
        end $$
        """);
    database.run(
        "create trigger fail before insert on tasks.task_instances for each row execute function tasks.fail()");
    String id =
        user.api()
            .with("Content-Type", "application/octet-stream")
            .post(
                "/api/v1/imports?source=todoist_csv",
                csv.toString().getBytes(StandardCharsets.UTF_8))
            .expect(201)
            .id();
    service.runDueJobs();
    assertEquals(
        500,
        database.number("select processed from tasks.imports where id = ?", UUID.fromString(id)));
    assertEquals(500, tasks(user));
    database.run("drop trigger fail on tasks.task_instances");
    database.run("drop function tasks.fail()");
    service.clock().advance(Duration.ofMinutes(5));
    service.runDueJobs();
    assertEquals(1_200, tasks(user));
    assertEquals(
        1_200,
        database.number(
            "select count(distinct title) from tasks.import_lines where import_id = ?",
            UUID.fromString(id)));
    Invariants.check(database);
  }

  private static long tasks(TestService.Session user) {
    return database.number(
        "select count(*) from tasks.task_instances where user_id = ?", user.userId());
  }

  @Test
  void FR_178_files_and_reports_are_deleted_in_time() {
    TestService.Session user = service.newUser();
    user.api()
        .with("Content-Type", "application/octet-stream")
        .post("/api/v1/imports?source=todoist_csv", "TYPE,CONTENT\ntask,a\n")
        .expect(201);
    service.runDueJobs();
    String parts = "select count(*) from tasks.import_parts where user_id = ?";
    String imports = "select count(*) from tasks.imports where user_id = ?";
    service.clock().advance(Duration.ofDays(6));
    service.runDueJobs();
    assertEquals(1, database.number(parts, user.userId()));
    service.clock().advance(Duration.ofDays(2));
    service.runDueJobs();
    assertEquals(0, database.number(parts, user.userId()));
    assertEquals(1, database.number(imports, user.userId()));
    service.clock().advance(Duration.ofDays(84));
    service.runDueJobs();
    assertEquals(0, database.number(imports, user.userId()));
  }
}

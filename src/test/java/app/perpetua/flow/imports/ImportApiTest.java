package app.perpetua.flow.imports;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class ImportApiTest {
  private static final String IMPORTS = "/api/v1/imports";
  private static final String HEADER =
      "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\n";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("RATE_LIMIT_GENERAL", "1000000");

  private final Api api = service.newUser().api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private static Api file(Api client) {
    return client.with("Content-Type", "application/octet-stream");
  }

  private static JsonNode imported(Api client, String source, Object content) {
    String id = file(client).post(IMPORTS + "?source=" + source, content).expect(201).id();
    service.runDueJobs();
    return client.get(IMPORTS + "/" + id).expect(200).data();
  }

  private JsonNode done(String source, Object content) {
    JsonNode done = imported(api, source, content);
    assertEquals("done", done.get("state").stringValue(), done.toString());
    return done;
  }

  private static String counts(JsonNode done) {
    JsonNode progress = done.get("progress");
    return progress.get("taken") + " " + progress.get("changed") + " " + progress.get("left");
  }

  private List<JsonNode> tasks() {
    List<JsonNode> tasks = new ArrayList<>();
    api.get("/api/v1/users/me/export").expect(200).json().get("tasks").forEach(tasks::add);
    return tasks;
  }

  private JsonNode task(String title) {
    return tasks().stream()
        .filter(task -> task.get("title").stringValue().equals(title))
        .findFirst()
        .orElseThrow(() -> new AssertionError(title + " is not in " + tasks()));
  }

  private List<String> report(JsonNode done) {
    List<String> lines = new ArrayList<>();
    api.get(IMPORTS + "/" + done.get("id").stringValue() + "/report?limit=100")
        .expect(200)
        .data()
        .forEach(
            line ->
                lines.add(
                    line.get("line")
                        + " "
                        + line.get("outcome").stringValue()
                        + " "
                        + line.get("title").stringValue()
                        + " "
                        + line.get("reasons")));
    return lines;
  }

  private static String texts(JsonNode items, String member) {
    return items
        .valueStream()
        .map(item -> item.get(member).asString())
        .reduce((a, b) -> a + "|" + b)
        .orElse("");
  }

  @Test
  void FR_173_a_todoist_csv_becomes_tasks_with_subtasks_and_nothing_is_lost() {
    String csv =
        HEADER
            + "section,Home,,,,,,,,\n"
            + "task,Paint the wall @diy,\"white,\nmatt\",1,1,,,2026-04-01,en,Europe/Berlin\n"
            + "task,Buy paint,,4,2,,,,,\n"
            + "task,Buy a brush,,4,2,,,,,\n"
            + "task,Compare brushes,,4,3,,,,,\n"
            + "task,Ask Eve,,4,2,,Eve (2),2026-03-30 09:00,en,Europe/Berlin\n"
            + "note,Two coats,,,,Ada (1),,,,\n"
            + "task,Water the plants,,2,1,,,every monday at 8am,en,Europe/Berlin\n"
            + "task,Call mother,,4,1,,,4 May,en,Europe/Berlin\n";
    JsonNode done = done("todoist_csv", csv);
    assertEquals("1 4 0", counts(done), report(done).toString());

    JsonNode wall = task("Paint the wall");
    assertEquals("high", wall.get("priority").stringValue());
    assertEquals("2026-04-01", wall.get("due_on").stringValue());
    assertEquals("2026-04-01T23:59:59.999Z", wall.get("due_date").stringValue());
    assertEquals("white,\nmatt\n\nSection: Home", wall.get("description").stringValue());
    assertEquals("Buy paint|Buy a brush|Compare brushes", texts(wall.get("subtasks"), "title"));
    assertEquals(
        "Part of: Paint the wall\nAssigned to: Eve (2)\nComment by Ada (1): Two coats",
        task("Ask Eve").get("description").stringValue());
    assertEquals("2026-03-30T07:00:00.000Z", task("Ask Eve").get("due_date").stringValue());
    JsonNode plants = task("Water the plants");
    assertEquals("2026-03-16T07:00:00.000Z", plants.get("due_date").stringValue());
    JsonNode template =
        api.get("/api/v1/templates/" + plants.get("template_id").stringValue()).expect(200).data();
    assertEquals("FREQ=WEEKLY;BYDAY=MO", template.get("rrule").stringValue());
    assertTrue(task("Call mother").get("due_date").isNull());
    assertTrue(task("Call mother").get("description").stringValue().contains("Date: 4 May"));

    assertEquals("0 0 5", counts(done("todoist_csv", csv)), "the same file again");
    assertEquals(4, tasks().size());
  }

  @Test
  void FR_174_a_todoist_backup_keeps_projects_labels_comments_and_reminders() {
    String json =
        """
        {"full_sync": true,
         "items": [
          {"id": "2", "parent_id": "1", "content": "Step", "priority": 1, "checked": true},
          {"id": "1", "content": "Report", "description": "long", "priority": 4, "project_id": "p2",
           "section_id": "s1", "labels": ["work", "q1"], "added_at": "2026-01-02T03:04:05Z",
           "duration": {"amount": 45, "unit": "minute"},
           "due": {"date": "2026-03-20T09:00:00", "timezone": "Europe/Berlin", "is_recurring": true,
                   "string": "every 2 weeks", "lang": "en"}},
          {"id": "3", "content": "Old", "priority": 1, "checked": true,
           "completed_at": "2026-01-05T10:00:00.000000Z"},
          {"id": "4", "content": "Gone", "priority": 1, "is_deleted": true},
          {"id": "5", "parent_id": "6", "content": "A", "priority": 1},
          {"id": "6", "parent_id": "5", "content": "B", "priority": 1}],
         "projects": [{"id": "p1", "name": "Office"}, {"id": "p2", "name": "Team", "parent_id": "p1"}],
         "sections": [{"id": "s1", "name": "Now"}],
         "notes": [{"id": "n1", "item_id": "1", "content": "Ask Bob"}],
         "project_notes": [{"id": "n2", "project_id": "p1", "content": "About the office"}],
         "reminders": [{"id": "r1", "item_id": "1", "type": "relative", "minute_offset": 30}]}
        """;
    JsonNode done = done("todoist_json", json);
    assertEquals("5 3 1", counts(done), report(done).toString());
    JsonNode task = task("Report");
    assertEquals("long\n\nSection: Now\nComment: Ask Bob", task.get("description").stringValue());
    assertEquals("2026-03-20T08:00:00.000Z", task.get("due_date").stringValue());
    assertEquals("2026-01-02T03:04:05.000Z", task.get("created_at").stringValue());
    assertEquals(45, task.get("estimated_duration").intValue());
    assertEquals(1, task.get("subtask_completed_count").intValue());
    assertEquals("2026-03-20T07:30:00.000Z", texts(task.get("reminders"), "scheduled_at"));
    assertEquals("2026-01-05T10:00:00.000Z", task("Old").get("completed_at").stringValue());
    assertEquals(
        "B", texts(task("A").get("subtasks"), "title"), "the cycle is broken at its first");
    assertEquals(
        "About the office",
        api.get("/api/v1/notes").expect(200).data().get(0).get("content").stringValue());
    assertEquals(
        "[]",
        tasks().stream().filter(t -> t.get("title").asString().equals("Gone")).toList().toString());
    JsonNode stats = api.get("/api/v1/achievements/me").expect(200).data();
    assertTrue(stats.toString().contains("\"lifetime_tasks_completed\":0"), stats.toString());
    assertEquals(
        "user_data_imported",
        texts(api.get("/api/v1/activity").expect(200).data(), "action").split("\\|", -1)[0]);
    assertEquals(0, api.get("/api/v1/notifications").expect(200).data().size());
  }

  @Test
  void FR_175_a_ticktick_backup_is_read_after_its_preamble() {
    String csv =
        """
        "Date: 2026-03-01+0000"
        "Version: 7.1"
        "Status: \n0 Normal\n1 Completed\n2 Archived"
        "Folder Name","List Name","Title","Kind","Tags","Content","Is Check list","Start Date","Due Date","Reminder","Repeat","Priority","Status","Created Time","Completed Time","Order","Timezone","Is All Day","Is Floating","Column Name","Column Order","View Mode","taskId","parentId"
        "Life","Home","Clean","CHECKLIST","weekly","▫Floor\n▪Windows\nwith care","Y","2026-03-21T10:00:00+0000","2026-03-21T10:00:00+0000","-PT15M","RRULE:FREQ=WEEKLY;INTERVAL=1","5","0","2026-02-01T00:00:00+0000","","0","UTC","false","false","","","list","1",""
        "","Inbox","Idea","NOTE","","a thought","N","","","","","0","0","2026-02-01T00:00:00+0000","","0","UTC","false","false","","","list","2",""
        "","Inbox","Child","TEXT","","","N","","","","","0","2","2026-02-01T00:00:00+0000","2026-02-03T00:00:00+0000","0","UTC","false","false","","","list","3","1"
        """;
    JsonNode done = done("ticktick_csv", csv.replace("\\n", "\n"));
    assertEquals("4 0 0", counts(done), report(done).toString());
    JsonNode clean = task("Clean");
    assertEquals("Floor|Windows|Child", texts(clean.get("subtasks"), "title"));
    assertEquals("false|true|true", texts(clean.get("subtasks"), "completed"));
    assertEquals("with care", clean.get("description").stringValue());
    assertEquals("2026-03-21T09:45:00.000Z", texts(clean.get("reminders"), "scheduled_at"));
    assertFalse(clean.get("template_id").isNull());
    assertEquals(
        "Idea\n\na thought",
        api.get("/api/v1/notes").expect(200).data().get(0).get("content").stringValue());
  }

  @Test
  void FR_198_days_without_a_time_become_all_day_tasks() {
    api.patch(
            "/api/v1/users/me",
            Map.of("timezone", "America/Los_Angeles", "all_day_reminder_time", "08:00"))
        .expect(200);
    done("todoist_csv", HEADER + "task,Csv,,4,1,,,2026-04-01,en,Europe/Berlin\n");
    done(
        "todoist_json",
        """
        {"full_sync": true, "projects": [], "sections": [], "notes": [],
         "items": [{"id": "1", "content": "Json", "priority": 1, "due": {"date": "2026-04-02"}}],
         "reminders": [{"id": "r", "item_id": "1", "type": "relative", "minute_offset": 30}]}
        """);
    done(
        "ticktick_csv",
        """
        "Date: 2026-03-01+0000"
        "Version: 7.1"
        "Status: 0"
        "Folder Name","List Name","Title","Kind","Tags","Content","Is Check list","Start Date","Due Date","Reminder","Repeat","Priority","Status","Created Time","Completed Time","Order","Timezone","Is All Day","Is Floating","Column Name","Column Order","View Mode","taskId","parentId"
        "","Inbox","Tick","TEXT","","","N","2026-04-03T04:00:00+0000","2026-04-03T04:00:00+0000","TRIGGER:PT9H","","0","0","2026-02-01T00:00:00+0000","","0","UTC","true","false","","","list","1",""
        """);
    done(
        "icalendar",
        """
        BEGIN:VCALENDAR
        VERSION:2.0
        BEGIN:VTODO
        UID:a
        SUMMARY:Ics
        DUE;VALUE=DATE:20260404
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER:-PT1H
        END:VALARM
        END:VTODO
        BEGIN:VTODO
        UID:b
        SUMMARY:Weekly
        DUE;VALUE=DATE:20260405
        RRULE:FREQ=WEEKLY
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER:PT9H
        END:VALARM
        END:VTODO
        END:VCALENDAR
        """);
    List<String> titles = List.of("Csv", "Json", "Tick", "Ics");
    for (int i = 0; i < titles.size(); i++) {
      LocalDate day = LocalDate.of(2026, 4, 1).plusDays(i);
      JsonNode task = task(titles.get(i));
      assertEquals(day.toString(), task.get("due_on").stringValue());
      assertEquals(day.plusDays(1) + "T06:59:59.999Z", task.get("due_date").stringValue());
    }
    assertEquals(
        "before 30 2026-04-02T14:30:00.000Z", onlyReminder(task("Json")), "from the user's time");
    assertEquals("after 60 2026-04-03T16:00:00.000Z", onlyReminder(task("Tick")));
    assertEquals("before 540 2026-04-04T06:00:00.000Z", onlyReminder(task("Ics")));
    assertEquals("2026-04-05", task("Weekly").get("due_on").stringValue());
    assertEquals("2026-04-06T06:59:59.999Z", task("Weekly").get("due_date").stringValue());
    assertEquals("after 60 2026-04-05T16:00:00.000Z", onlyReminder(task("Weekly")));

    JsonNode export = api.get("/api/v1/users/me/export").expect(200).json();
    Api other = service.newUser().api();
    assertEquals("done", imported(other, "perpetua_flow", export).get("state").stringValue());
    JsonNode tick =
        other
            .get("/api/v1/users/me/export")
            .expect(200)
            .json()
            .get("tasks")
            .valueStream()
            .filter(each -> each.get("title").stringValue().equals("Tick"))
            .findFirst()
            .orElseThrow();
    assertEquals("2026-04-03", tick.get("due_on").stringValue());
    assertEquals("2026-04-03T23:59:59.999Z", tick.get("due_date").stringValue());
    assertEquals("after 60 2026-04-03T10:00:00.000Z", onlyReminder(tick));
    String csv = other.get("/api/v1/users/me/export?format=csv").expect(200).text();
    assertTrue(csv.lines().findFirst().orElse("").endsWith(",due_on,start_on"), csv);
    assertTrue(csv.contains("2026-04-03T10:00:00.000Z,2026-04-03,"), csv);
  }

  private static String onlyReminder(JsonNode task) {
    JsonNode reminders = task.get("reminders");
    assertEquals(1, reminders.size());
    JsonNode reminder = reminders.get(0);
    return reminder.get("type").stringValue()
        + " "
        + reminder.get("offset_minutes")
        + " "
        + reminder.get("scheduled_at").stringValue();
  }

  @Test
  void FR_176_to_dos_of_a_calendar_file_become_tasks() {
    String ics =
        """
        BEGIN:VCALENDAR
        VERSION:2.0
        BEGIN:VTODO
        UID:a@example.com
        SUMMARY:Renew the
          passport
        DESCRIPTION:Bring\\, if possible\\; photos
        DUE;TZID=Europe/Berlin:20260401T100000
        PRIORITY:1
        RRULE:FREQ=YEARLY
        CATEGORIES:office,travel
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER:-P1D
        END:VALARM
        END:VTODO
        BEGIN:VTODO
        UID:b
        RELATED-TO:a@example.com
        SUMMARY:Photos
        STATUS:COMPLETED
        COMPLETED:20260301T100000Z
        END:VTODO
        BEGIN:VEVENT
        UID:c
        SUMMARY:Party
        DTSTART:20260401
        END:VEVENT
        BEGIN:VTODO
        UID:d
        SUMMARY:Dateless
        DUE:--0401
        END:VTODO
        END:VCALENDAR
        """;
    JsonNode done = done("icalendar", ics);
    assertEquals("3 1 1", counts(done), report(done).toString());
    JsonNode passport = task("Renew the passport");
    assertEquals("2026-04-01T08:00:00.000Z", passport.get("due_date").stringValue());
    assertEquals("Bring, if possible; photos", passport.get("description").stringValue());
    assertEquals("2026-03-31T08:00:00.000Z", texts(passport.get("reminders"), "scheduled_at"));
    assertEquals("true", texts(passport.get("subtasks"), "completed"));
    assertEquals("high", passport.get("priority").stringValue());
    assertEquals("DUE: --0401", task("Dateless").get("description").stringValue());
  }

  @Test
  void FR_177_a_dry_run_reports_the_same_and_adds_nothing() {
    String csv = HEADER + "task,One,,1,1,,,2026-04-01,en,UTC\ntask,Two,,1,2,,,,,\n";
    String id = file(api).post(IMPORTS + "?source=todoist_csv&dry_run=true", csv).expect(201).id();
    service.runDueJobs();
    JsonNode dry = api.get(IMPORTS + "/" + id).expect(200).data();
    assertEquals("done", dry.get("state").stringValue());
    assertEquals(List.of(), tasks());
    JsonNode done = done("todoist_csv", csv);
    assertEquals(done.get("added"), dry.get("added"));
    assertEquals(report(done), report(dry));
    assertEquals(2, tasks().size());
    assertEquals(2, api.get(IMPORTS).expect(200).data().size());
  }

  @Test
  void FR_177_an_import_may_exceed_the_limits_which_then_block_adding() {
    StringBuilder csv = new StringBuilder(HEADER);
    for (int i = 0; i < 1_200; i++) {
      csv.append("task,Task ").append(i).append(",,1,1,,,2020-01-01,en,UTC\n");
    }
    assertEquals("1200 0 0", counts(done("todoist_csv", csv.toString())));
    api.post("/api/v1/tasks", Map.of("title", "one more")).expect(409, "LIMIT_EXCEEDED");
    assertEquals(1_200, tasks().size());
  }

  @Test
  void FR_177_long_texts_continue_in_notes() {
    String title = "t".repeat(300);
    String text = "é😀".repeat(8_000);
    JsonNode done = done("todoist_csv", HEADER + "task," + title + "," + text + ",1,1,,,,,\n");
    JsonNode task = task("t".repeat(199) + "…");
    StringBuilder all = new StringBuilder(task.get("description").stringValue());
    List<JsonNode> notes = new ArrayList<>();
    api.get("/api/v1/notes?limit=100").expect(200).data().forEach(notes::add);
    notes.reversed().forEach(note -> all.append(note.get("content").stringValue()));
    assertEquals(title + "\n\n" + text, all.toString());
    assertEquals(notes.size(), done.get("added").get("notes").intValue());
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  @Test
  void FR_178_an_export_imported_into_another_account_is_the_same_export() throws IOException {
    Api ada = service.newPro().api();
    for (int i = 0; i < 3; i++) {
      String task = ada.createTask("Task " + i);
      ada.createSubtask(task, "a");
      ada.patch("/api/v1/subtasks/" + ada.createSubtask(task, "b"), Map.of("completed", true))
          .expect(200);
      ada.post(
              "/api/v1/tasks/" + task + "/reminders",
              Map.of("type", "absolute", "scheduled_at", "2026-03-12T10:00:00Z"))
          .expect(201);
      ada.createNote("Note " + i + " 😀");
    }
    String list = ada.post("/api/v1/lists", Map.of("name", "Garden")).expect(201).id();
    String label =
        ada.post("/api/v1/labels", Map.of("name", "urgent", "colour", "#d0342c")).expect(201).id();
    for (String title : List.of("Dig", "Sow")) {
      String task =
          ada.post(
                  "/api/v1/tasks",
                  Map.of("title", title, "list_id", list, "label_ids", List.of(label)))
              .expect(201)
              .id();
      ada.post("/api/v1/tasks/" + task + "/move", Map.of("first", true)).expect(200);
    }
    ada.patch("/api/v1/tasks/" + ada.createTask("done"), Map.of("completed", true)).expect(200);
    ada.patch("/api/v1/tasks/" + ada.createTask("old"), Map.of("archived", true)).expect(200);
    ada.post(
            "/api/v1/templates",
            Map.of("title", "Daily", "rrule", "FREQ=DAILY", "timezone", "Europe/Berlin"))
        .expect(201);
    service.runDueJobs();
    byte[] export = ada.get("/api/v1/users/me/export").expect(200).bytes();

    JsonNode done = done("perpetua_flow", export);
    assertEquals(0, done.get("progress").get("changed").intValue(), () -> report(done).toString());
    assertEquals(Portable.of(export), Portable.of(api.get("/api/v1/users/me/export").bytes()));

    assertEquals("0 0", counts(done("perpetua_flow", export)).substring(0, 3), "again");
    JsonNode own = imported(ada, "perpetua_flow", export);
    assertEquals("0 0", counts(own).substring(0, 3), "into the same account");
    assertEquals(Portable.of(export), Portable.of(ada.get("/api/v1/users/me/export").bytes()));

    Api third = service.newUser().api();
    JsonNode packed =
        imported(third.with("Content-Encoding", "gzip"), "perpetua_flow", gzip(export));
    assertEquals("done", packed.get("state").stringValue(), packed.toString());
    assertEquals(Portable.of(export), Portable.of(third.get("/api/v1/users/me/export").bytes()));
  }

  static Stream<Arguments> unreadable() throws IOException {
    byte[] bomb = gzip(new byte[150 * 1024 * 1024]);
    return Stream.of(
        Arguments.of("todoist_csv", HEADER.getBytes(StandardCharsets.ISO_8859_1).length + "", ""),
        Arguments.of("todoist_csv", "a,b\nc,d\n", ""),
        Arguments.of("todoist_csv", new byte[] {'T', (byte) 0xc3, '(', '\n'}, ""),
        Arguments.of("todoist_csv", "TYPE,CONTENT" + ",".repeat(1_000_000) + "\n", ""),
        Arguments.of("todoist_csv", HEADER + "task,\"" + "x".repeat(5_000_000) + "\",,1,1\n", ""),
        Arguments.of("ticktick_csv", "\"\n".repeat(100_000), ""),
        Arguments.of("todoist_json", "[".repeat(100_000), ""),
        Arguments.of("todoist_json", "{\"items\": [" + "[".repeat(10_000), ""),
        Arguments.of("todoist_json", "{\"items\": [{\"id\": \"1\"}", ""),
        Arguments.of("todoist_json", "{}", ""),
        Arguments.of("todoist_json", "{\"items\": [" + "{},".repeat(150_000) + "{}]}", ""),
        Arguments.of("perpetua_flow", "{\"format\": \"perpetua-flow/2\", \"tasks\": []}", ""),
        Arguments.of("perpetua_flow", "{\"tasks\": [{\"id\": \"x\"}], \"notes\": [", ""),
        Arguments.of("perpetua_flow", bomb, "gzip"),
        Arguments.of("perpetua_flow", "no gzip", "gzip"),
        Arguments.of("icalendar", "BEGIN:VCALENDAR\n" + "BEGIN:VTODO\n".repeat(100_000), ""),
        Arguments.of("icalendar", "hello\n", ""));
  }

  @ParameterizedTest
  @MethodSource("unreadable")
  void FR_179_a_file_that_cannot_be_read_adds_nothing_and_says_why(
      String source, Object content, String encoding) {
    Api sender = encoding.isEmpty() ? api : api.with("Content-Encoding", encoding);
    JsonNode failed = imported(sender, source, content);
    assertEquals("failed", failed.get("state").stringValue(), failed.toString());
    assertFalse(failed.get("error").get("message").stringValue().isBlank());
    assertEquals(List.of(), tasks());
    assertEquals(0, failed.get("progress").get("processed").intValue());
  }

  @Test
  void FR_179_invalid_entries_are_left_and_the_others_imported() {
    String json =
        """
        {"format": "perpetua-flow/1", "templates": [{"id": "%s", "title": "x", "rrule": "FREQ=NEVER",
          "timezone": "UTC", "starts_at": "2026-01-01T00:00:00.000Z"}],
         "tasks": [7, {"id": "no"}, {"id": "%s", "title": "  "},
          {"id": "%s", "title": "\\u0000a\\ud800b", "template_id": "%s", "due_date": "2026-05-01T00:00:00Z"},
          {"id": "%s", "title": "c", "subtasks": 5},
          {"id": "%s", "title": "d", "due_date": "+99999-01-01T00:00:00Z"}],
         "notes": [{"id": "%s", "content": "n", "voice_url": "https://127.0.0.1/x"}], "credits": {}}
        """
            .formatted(Stream.generate(UUID::randomUUID).limit(7).map(UUID::toString).toArray());
    JsonNode done = done("perpetua_flow", json);
    assertEquals("0 2 7", counts(done), report(done).toString());
    assertEquals("ab", tasks().getFirst().get("title").stringValue());
  }

  @Test
  void FR_179_requests_that_are_no_import_are_refused() {
    Api sender = file(api);
    sender.invalidOnPurpose().post(IMPORTS, "x").expect(400, "VALIDATION_ERROR");
    sender.invalidOnPurpose().post(IMPORTS + "?source=other", "x").expect(400, "VALIDATION_ERROR");
    sender.invalidOnPurpose().post(IMPORTS + "?source=icalendar").expect(400, "VALIDATION_ERROR");
    api.invalidOnPurpose()
        .post(IMPORTS + "?source=icalendar", "{}")
        .expect(415, "UNSUPPORTED_MEDIA_TYPE");
    sender
        .invalidOnPurpose()
        .with("Content-Encoding", "br")
        .post(IMPORTS + "?source=icalendar", "x")
        .expect(415, "UNSUPPORTED_MEDIA_TYPE");
    sender
        .post(IMPORTS + "?source=icalendar", "x".repeat(20 * 1024 * 1024 + 1))
        .expect(413, "PAYLOAD_TOO_LARGE");
    for (int i = 0; i < Imports.MAX_UNFINISHED; i++) {
      sender.post(IMPORTS + "?source=icalendar", "x").expect(201);
    }
    sender.post(IMPORTS + "?source=icalendar", "x").expect(409, "LIMIT_EXCEEDED");
    service.runDueJobs();
    UUID key = UUID.randomUUID();
    String id = sender.withKey(key).post(IMPORTS + "?source=icalendar", "x").expect(201).id();
    assertEquals(id, sender.withKey(key).post(IMPORTS + "?source=icalendar", "x").expect(201).id());
    sender.withKey(key).post(IMPORTS + "?source=icalendar", "y").expect(422);
    service.newUser().api().get(IMPORTS + "/" + id).expect(403);
    service.newUser().api().get(IMPORTS + "/" + id + "/report").expect(403);
    api.get(IMPORTS + "/" + UUID.randomUUID()).expect(404);
  }
}

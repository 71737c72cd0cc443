package app.perpetua.flow.imports;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class ImportListsTest {
  private static final String IMPORTS = "/api/v1/imports";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("RATE_LIMIT_GENERAL", "1000000")
          .with("FREE_MAX_LISTS", "4")
          .with("FREE_MAX_LABELS", "12")
          .with("FREE_MAX_FILTERS", "3");

  private final Api api = service.newUser().api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private static String file(String name) throws IOException {
    try (InputStream in = ImportListsTest.class.getResourceAsStream("/imports/" + name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static JsonNode done(Api client, String parameters, Object content) {
    String id =
        client
            .with("Content-Type", "application/octet-stream")
            .post(IMPORTS + "?source=" + parameters, content)
            .expect(201)
            .id();
    service.runDueJobs();
    JsonNode done = client.get(IMPORTS + "/" + id).expect(200).data();
    assertEquals("done", done.get("state").stringValue(), done.toString());
    return done;
  }

  private JsonNode done(String parameters, Object content) {
    return done(api, parameters, content);
  }

  /** The lines of a report that say anything, by type, outcome and title. */
  private static Map<String, String> report(Api client, JsonNode done) {
    Map<String, String> lines = new TreeMap<>();
    client
        .get(IMPORTS + "/" + done.get("id").stringValue() + "/report?limit=100")
        .expect(200)
        .data()
        .forEach(
            line ->
                lines.merge(
                    line.get("entity_type").stringValue()
                        + " "
                        + line.get("outcome").stringValue()
                        + " "
                        + line.get("title").stringValue(),
                    String.join(
                        " ", line.get("reasons").valueStream().map(JsonNode::stringValue).toList()),
                    (one, other) -> one + "|" + other));
    return lines;
  }

  private static JsonNode export(Api client) {
    return client.get("/api/v1/users/me/export").expect(200).json();
  }

  /** Lists in their order, with a mark for archived ones. */
  private static List<String> lists(Api client) {
    return export(client)
        .get("lists")
        .valueStream()
        .sorted(
            (one, other) ->
                one.get("position").stringValue().compareTo(other.get("position").stringValue()))
        .map(
            list ->
                list.get("name").stringValue()
                    + (list.get("archived").booleanValue() ? " (archived)" : ""))
        .toList();
  }

  private static List<String> labels(Api client) {
    return client
        .get("/api/v1/labels")
        .expect(200)
        .data()
        .valueStream()
        .map(label -> label.get("name").stringValue() + " " + label.get("colour").stringValue())
        .toList();
  }

  /** List and labels of each task or template. */
  private static Map<String, String> filed(Api client, String member) {
    JsonNode export = export(client);
    Map<String, String> names = new HashMap<>();
    for (String place : List.of("lists", "labels")) {
      export
          .get(place)
          .forEach(each -> names.put(each.get("id").stringValue(), each.get("name").stringValue()));
    }
    Map<String, String> filed = new TreeMap<>();
    export
        .get(member)
        .forEach(
            each ->
                filed.put(
                    each.get("title").stringValue(),
                    names.getOrDefault(each.get("list_id").asString(""), "-")
                        + " "
                        + each.get("label_ids")
                            .valueStream()
                            .map(id -> names.get(id.stringValue()))
                            .toList()));
    return filed;
  }

  private static JsonNode titled(Api client, String member, String title) {
    return export(client)
        .get(member)
        .valueStream()
        .filter(each -> each.get("title").stringValue().equals(title))
        .findFirst()
        .orElseThrow(() -> new AssertionError(title + " is not in the export"));
  }

  private static String label(Api client, String name, String colour) {
    return client.post("/api/v1/labels", Map.of("name", name, "colour", colour)).expect(201).id();
  }

  private static String list(Api client, String name) {
    return client.post("/api/v1/lists", Map.of("name", name)).expect(201).id();
  }

  private static void filter(Api client, String name, String query) {
    client.post("/api/v1/filters", Map.of("name", name, "query", query)).expect(201);
  }

  /** An account with lists, labels, days, templates and filters of every kind. */
  private static Api filled() {
    Api ada = service.newPro().api();
    ada.patch("/api/v1/users/me", Map.of("timezone", "Europe/Berlin")).expect(200);
    String garden = list(ada, "Garden");
    list(ada, "Empty");
    String namesake = list(ada, "Garden");
    String old = list(ada, "Old");
    ada.patch("/api/v1/lists/" + old, Map.of("archived", true)).expect(200);
    ada.post("/api/v1/lists/" + old + "/move", Map.of("first", true)).expect(200);
    String urgent = label(ada, "urgent", "#d0342c");
    String waiting = label(ada, "to call", "#123456");
    label(ada, "unused", "#abcdef");
    for (String title : List.of("Dig", "Sow", "Harvest")) {
      String task =
          ada.post(
                  "/api/v1/tasks",
                  Map.of(
                      "title",
                      title,
                      "list_id",
                      garden,
                      "label_ids",
                      List.of(waiting, urgent),
                      "due_on",
                      "2026-03-20",
                      "start_on",
                      "2026-03-15"))
              .expect(201)
              .id();
      ada.post("/api/v1/tasks/" + task + "/move", Map.of("first", true)).expect(200);
    }
    ada.post("/api/v1/tasks", Map.of("title", "Namesake", "list_id", namesake)).expect(201);
    ada.post("/api/v1/tasks", Map.of("title", "Archived", "list_id", old)).expect(201);
    ada.createTask("Inbox");
    String template =
        ada.post(
                "/api/v1/templates",
                Map.of(
                    "title",
                    "Water",
                    "rrule",
                    "FREQ=DAILY;INTERVAL=2",
                    "timezone",
                    "Asia/Tokyo",
                    "starts_on",
                    "2026-03-16",
                    "anchor",
                    "completion",
                    "list_id",
                    garden,
                    "label_ids",
                    List.of(urgent)))
            .expect(201)
            .id();
    ada.post(
            "/api/v1/templates",
            Map.of("title", "Pay", "rrule", "FREQ=MONTHLY", "timezone", "Europe/Berlin"))
        .expect(201);
    service.runDueJobs();
    filter(ada, "By name", "list = GARDEN and label in [urgent, \"to call\"]");
    filter(
        ada,
        "By id",
        "list = %s or label = %s or template = %s or text ~ \"%s\""
            .formatted(garden, urgent, template, urgent));
    ada.post(
            "/api/v1/filters",
            Map.of("name", "First", "query", "due < today + 7d", "position", "1"))
        .expect(201);
    return ada;
  }

  @Test
  void FR_233_an_export_with_everything_is_the_same_after_an_import() {
    Api ada = filled();
    byte[] export = ada.get("/api/v1/users/me/export").expect(200).bytes();
    Map<String, List<String>> before = Portable.of(export);
    assertEquals(4, Objects.requireNonNull(before.get("lists")).size());

    Api eve = service.newPro().api();
    eve.patch("/api/v1/users/me", Map.of("timezone", "Europe/Berlin")).expect(200);
    JsonNode dry = done(eve, "perpetua_flow&dry_run=true", export);
    assertEquals(List.of(), lists(eve));
    JsonNode done = done(eve, "perpetua_flow", export);
    Map<String, List<String>> after =
        Portable.of(eve.get("/api/v1/users/me/export").expect(200).bytes());
    before.forEach((member, entities) -> assertEquals(entities, after.get(member), member));
    assertEquals("4 3 3", added(done));
    assertEquals(done.get("added"), dry.get("added"));
    assertEquals(report(eve, done), report(eve, dry));
    assertEquals(0, done.get("progress").get("changed").intValue(), report(eve, done)::toString);
    assertEquals(List.of("Old (archived)", "Garden", "Empty", "Garden"), lists(eve));

    for (Api client : List.of(eve, ada)) {
      JsonNode again = done(client, "perpetua_flow", export);
      assertEquals("0 0 0", added(again), "nothing twice");
      assertEquals(0, again.get("progress").get("taken").intValue());
      assertEquals(before, Portable.of(client.get("/api/v1/users/me/export").expect(200).bytes()));
    }
  }

  @Test
  void FR_233_later_batches_know_the_lists_and_templates_of_former_ones() {
    String list = "11111111-1111-4111-8111-111111111111";
    String template = "22222222-2222-4222-8222-222222222222";
    StringBuilder tasks = new StringBuilder();
    for (int i = 0; i < 600; i++) {
      tasks.append(
          """
          %s{"id": "00000000-0000-4000-8000-%012d", "title": "Task %d", "list_id": "%s", "label_ids": ["%s"],
           "template_id": "%s", "due_date": "2026-03-20T10:00:00.%03dZ"}"""
              .formatted(i == 0 ? "" : ",", i, i, list, list, template, i));
    }
    String json =
        """
        {"format": "perpetua-flow/1", "tasks": [%s], "lists": [{"id": "%s", "name": "Home"}],
         "labels": [{"id": "%s", "name": "a"}],
         "templates": [{"id": "%s", "title": "T", "rrule": "FREQ=DAILY", "timezone": "UTC",
           "starts_at": "2026-01-01T00:00:00.000Z", "list_id": "%s", "label_ids": ["%s"]}]}
        """
            .formatted(tasks, list, list, template, list, list);
    JsonNode dry = done("perpetua_flow&dry_run=true", json);
    JsonNode done = done("perpetua_flow", json);
    assertEquals(dry.get("progress"), done.get("progress"));
    assertEquals(603, done.get("progress").get("taken").intValue(), done::toString);
    assertEquals("Home [a]", filed(api, "tasks").get("Task 599"));
    assertEquals("Home [a]", filed(api, "templates").get("T"));
    assertFalse(titled(api, "tasks", "Task 599").get("template_id").isNull());
  }

  private static String added(JsonNode done) {
    JsonNode added = done.get("added");
    return added.get("lists") + " " + added.get("labels") + " " + added.get("filters");
  }

  @Test
  void FR_233_lists_and_labels_are_found_by_name_under_case_folding() {
    Api ada = filled();
    byte[] export = ada.get("/api/v1/users/me/export").expect(200).bytes();
    Api eve = service.newPro().api();
    list(eve, "EMPTY");
    label(eve, "URGENT", "#000000");
    JsonNode done = done(eve, "perpetua_flow", export);
    assertEquals("3 2 3", added(done));
    Map<String, String> report = report(eve, done);
    assertEquals("It is in your account already.", report.get("list left Empty"));
    assertEquals("It is in your account already.", report.get("label left urgent"));
    assertEquals("Garden [to call, URGENT]", filed(eve, "tasks").get("Dig"));
    assertTrue(labels(eve).contains("URGENT #000000"), labels(eve)::toString);

    // A list that was renamed since is the same list.
    String garden = export(eve).get("lists").get(1).get("id").stringValue();
    eve.patch("/api/v1/lists/" + garden, Map.of("name", "Renamed")).expect(200);
    assertEquals("0 0 0", added(done(eve, "perpetua_flow", export)));

    // A list that was made again there, under the name that the former one still has here.
    String empty =
        export(ada)
            .get("lists")
            .valueStream()
            .filter(each -> each.get("name").stringValue().equals("Empty"))
            .map(each -> each.get("id").stringValue())
            .findFirst()
            .orElseThrow();
    ada.delete("/api/v1/lists/" + empty).expect(200);
    list(ada, "Empty");
    assertEquals(
        "0 0 0", added(done(eve, "perpetua_flow", ada.get("/api/v1/users/me/export").bytes())));
  }

  @Test
  void FR_233_what_exceeds_the_limits_is_reported_and_kept_in_the_description() {
    StringBuilder items = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      items.append(
          """
          {"id": "%d", "content": "Task %d", "priority": 1, "project_id": "p%d", "labels": ["label %d", "b"]},
          """
              .formatted(i, i, i, i));
    }
    String json =
        """
        {"projects": [%s],
         "items": [%s {"id": "many", "content": "Many", "priority": 1, "labels": [%s]},
          {"id": "more", "content": "More", "priority": 1, "labels": ["label 9", "label 10", "label 11"]}]}
        """
            .formatted(
                objects(6, "{\"id\": \"p%d\", \"name\": \"List %d\"}"),
                items,
                objects(12, "\"label %d\""));
    JsonNode dry = done("todoist_json&dry_run=true", json);
    JsonNode done = done("todoist_json", json);
    assertEquals("4 12 0", added(done));
    Map<String, String> report = report(api, done);
    assertEquals(report, report(api, dry));
    String limit = "At most 4 lists may exist. The descriptions of its tasks name it.";
    assertEquals(limit, report.get("list left List 4"));
    assertEquals(limit, report.get("list left List 5"));
    assertEquals(
        "At most 12 labels may exist. The descriptions of its tasks name it.",
        report.get("label left label 11"));
    assertEquals(
        "Its list could not be added; the description has: List: List 5.",
        report.get("task changed Task 5"));
    assertEquals("List: List 5", titled(api, "tasks", "Task 5").get("description").stringValue());
    assertEquals("- [label 5, b]", filed(api, "tasks").get("Task 5"));
    assertEquals(
        "A task has at most 10 labels; the others are in the description.",
        report.get("task changed Many"));
    assertEquals(
        "Labels could not be added; the description has: Labels: label 11.",
        report.get("task changed More"));
    assertEquals("- [label 9, label 10]", filed(api, "tasks").get("More"));
    assertEquals("Labels: label 11", titled(api, "tasks", "More").get("description").stringValue());
    assertEquals(
        "Labels: label 10, label 11",
        titled(api, "tasks", "Many").get("description").stringValue());
    assertEquals(10, titled(api, "tasks", "Many").get("label_ids").size());
  }

  private static String objects(int count, String format) {
    List<String> objects = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      objects.add(format.formatted(i, i));
    }
    return String.join(", ", objects);
  }

  @Test
  void FR_233_a_todoist_csv_has_labels_and_goes_to_the_list_that_is_named() throws IOException {
    String csv = file("todoist.csv");
    JsonNode done = done("todoist_csv&list=House", csv);
    assertEquals("1 3 0", added(done));
    assertEquals(
        Map.of(
            "Paint the wall", "House [diy, Home]",
            "Borrow a ladder", "House [errand]",
            "Ask ada@example.com, @ noon", "House []",
            "@home", "House []",
            "Water the plants", "House [Home]"),
        filed(api, "tasks"));
    assertEquals(
        "white\n\nSection: Ground floor",
        titled(api, "tasks", "Paint the wall").get("description").stringValue());
    assertEquals("House [Home]", filed(api, "templates").get("Water the plants"));
    assertEquals("0 0 0", added(done("todoist_csv&list=house", csv)));
    assertEquals(List.of("House"), lists(api));

    Api other = service.newUser().api();
    done(other, "todoist_csv", csv);
    assertEquals("- [diy, Home]", filed(other, "tasks").get("Paint the wall"));
    api.invalidOnPurpose()
        .with("Content-Type", "application/octet-stream")
        .post(IMPORTS + "?source=ticktick_csv&list=House", "x")
        .expect(400, "VALIDATION_ERROR");
  }

  @Test
  void FR_233_projects_and_labels_of_a_todoist_backup_are_lists_and_labels() throws IOException {
    String json = file("todoist.json");
    JsonNode done = done("todoist_json", json);
    assertEquals(List.of("Office", "Office / Team", "Travel 2019 (archived)"), lists(api));
    assertEquals(List.of("q1 #808080", "someday #808080", "work #b8255f"), labels(api));
    assertEquals(
        Map.of(
            "Report", "Office / Team [work, q1]",
            "Step with a label", "Office / Team [work]",
            "Loose", "- []"),
        filed(api, "tasks"));
    assertEquals(
        "long\n\nSection: Now", titled(api, "tasks", "Report").get("description").stringValue());
    assertEquals("3 3 0", added(done));
    assertEquals("0 0 0", added(done("todoist_json", json.replace("\"Team\"", "\"People\""))));
  }

  @Test
  void FR_233_lists_and_tags_of_ticktick_are_lists_and_labels() throws IOException {
    JsonNode done = done("ticktick_csv", file("ticktick.csv"));
    assertEquals("2 3 0", added(done), report(api, done)::toString);
    assertEquals(List.of("Life / Home", "Work"), lists(api));
    assertEquals(
        Map.of("Clean", "Life / Home [weekly, Home]", "Call", "Work []", "Buy bread", "- [errand]"),
        filed(api, "tasks"));
    assertEquals("Section: Doing", titled(api, "tasks", "Clean").get("description").stringValue());
    assertEquals(
        "Idea\n\na thought\n\nList: Work\nLabels: errand",
        export(api).get("notes").get(0).get("content").stringValue());
  }

  @Test
  void FR_233_a_calendar_is_a_list_and_its_categories_are_labels() throws IOException {
    JsonNode done = done("icalendar", file("tasks.ics"));
    assertEquals("1 3 0", added(done), report(api, done)::toString);
    assertEquals(
        Map.of(
            "Renew the passport", "Family, shared [office, long, boring, Travel]",
            "Weekly report", "Family, shared [office]"),
        filed(api, "tasks"));
    assertEquals(
        "Diary\n\nLabels: private", export(api).get("notes").get(0).get("content").stringValue());

    Api other = service.newUser().api();
    done(other, "icalendar&list=Mine", file("tasks.ics"));
    assertEquals(List.of("Mine"), lists(other));
  }

  @Test
  void FR_233_a_name_that_is_too_long_is_in_the_report() {
    String name = "n".repeat(120);
    JsonNode done =
        done(
            "todoist_json",
            "{\"projects\": [{\"id\": \"p\", \"name\": \"%s\"}, {\"id\": \"q\", \"name\": \" \"}], \"items\": []}"
                .formatted(name));
    assertEquals(List.of("n".repeat(99) + "…"), lists(api));
    assertEquals(
        "The name has more than 100 characters: " + name + ".",
        report(api, done).get("list changed " + "n".repeat(99) + "…"));
  }

  @Test
  void FR_234_filters_that_cannot_be_used_are_reported_with_their_text() {
    String list = "11111111-1111-4111-8111-111111111111";
    String gone = "22222222-2222-4222-8222-222222222222";
    String filters =
        """
        {"id": "00000000-0000-4000-8000-00000000000%d", "name": "%s", "query": "%s", "position": "%d"}""";
    String json =
        """
        {"format": "perpetua-flow/1", "tasks": [], "lists": [{"id": "%s", "name": "Garden"}],
         "filters": [%s]}
        """
            .formatted(
                list,
                String.join(
                    ",",
                    filters.formatted(1, "Broken", "list = ", 1),
                    filters.formatted(2, "Stale", "list = House and label = nobody", 2),
                    filters.formatted(3, "Dangling", "list in [" + gone + ", " + list + "]", 3),
                    filters.formatted(4, "Good", "not list = garden", 4),
                    filters.formatted(5, "Beyond", "overdue", 5)));
    JsonNode dry = done("perpetua_flow&dry_run=true", json);
    JsonNode done = done("perpetua_flow", json);
    Map<String, String> report = report(api, done);
    assertEquals(report, report(api, dry));
    assertEquals("1 0 3", added(done), report::toString);
    String broken = report.get("filter left Broken");
    assertTrue(
        Objects.requireNonNull(broken)
            .startsWith("It is no valid filter at character 7: expected a list"),
        broken);
    assertTrue(broken.endsWith(" Its text: list = "), broken);
    assertEquals(
        "It cannot be used until it is changed: there is no list House, no label nobody.",
        report.get("filter changed Stale"));
    assertEquals(
        "It refers to something that is not in the file: " + gone + ".",
        report.get("filter changed Dangling"));
    assertEquals("", report.get("filter taken Good"));
    assertEquals(
        "At most 3 filters may exist. Its text: overdue", report.get("filter left Beyond"));
    JsonNode dangling = export(api).get("filters").get(1);
    assertEquals(
        "list in [" + gone + ", " + export(api).get("lists").get(0).get("id").stringValue() + "]",
        dangling.get("query").stringValue());
    assertFalse(dangling.get("query").stringValue().contains(list));
  }

  @Test
  void FR_235_repeating_items_of_days_become_all_day_templates() throws IOException {
    api.patch("/api/v1/users/me", Map.of("timezone", "America/Los_Angeles")).expect(200);
    done("todoist_json", file("todoist.json"));
    done("todoist_csv", file("todoist.csv"));
    done("ticktick_csv", file("ticktick.csv"));
    done("icalendar", file("tasks.ics"));
    Map<String, String> days =
        Map.of(
            "Report", "2026-03-20 America/Los_Angeles 2026-03-21T06:59:59.999Z",
            "Water the plants", "2026-03-16 Europe/Berlin 2026-03-16T22:59:59.999Z",
            "Clean", "2026-04-03 Europe/Berlin 2026-04-03T21:59:59.999Z",
            "Renew the passport", "2026-04-01 America/Los_Angeles 2026-04-02T06:59:59.999Z");
    days.forEach(
        (title, expected) -> {
          JsonNode task = titled(api, "tasks", title);
          JsonNode template = titled(api, "templates", title);
          assertEquals(
              expected,
              task.get("due_on").asString("")
                  + " "
                  + template.get("timezone").stringValue()
                  + " "
                  + template.get("starts_at").stringValue(),
              title);
          assertTrue(template.get("all_day").booleanValue(), title);
          assertEquals(template.get("id"), task.get("template_id"));
          assertEquals(template.get("starts_at"), task.get("occurrence_at"));
        });
    for (String timed : List.of("Call", "Weekly report")) {
      assertFalse(titled(api, "templates", timed).get("all_day").booleanValue(), timed);
      assertTrue(titled(api, "tasks", timed).get("due_on").isNull(), timed);
    }
    assertEquals(
        "2026-03-17T06:59:59.999Z",
        titled(api, "tasks", "Water the plants").get("due_date").stringValue(),
        "the end of the day in the user's zone");

    // The next one is due on a day, too.
    String task = titled(api, "tasks", "Water the plants").get("id").stringValue();
    api.patch("/api/v1/tasks/" + task, Map.of("completed", true)).expect(200);
    service.runDueJobs();
    assertEquals(
        List.of("2026-03-16", "2026-03-23"),
        export(api)
            .get("tasks")
            .valueStream()
            .filter(each -> each.get("title").stringValue().equals("Water the plants"))
            .map(each -> each.get("due_on").stringValue())
            .sorted()
            .toList());
  }
}

package app.perpetua.flow.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** GET /search. */
class SearchApiTest {
  private static final String SEARCH = "/api/v1/search?q=";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("RATE_LIMIT_TOKEN", "1000000")
          .with("FREE_MAX_NOTES", "100")
          .with("FREE_MAX_TASKS", "100");

  private final Api api = service.newUser().api();

  @Test
  void FR_215_finds_tasks_subtasks_and_notes_by_all_words() {
    String task = create("Fix the tap", "Ask the landlord first");
    String subtask = api.createSubtask(task, "Landlord's number, by the tap");
    String note = api.createNote("\n Tap and sink\nthe landlord comes on Monday");
    create("Fix the tape", "");
    List<JsonNode> found = results("LANDLORD tap");
    assertEquals(List.of(subtask, note, task), ids(found).stream().toList());
    JsonNode ofSubtask = found.get(0);
    assertEquals("subtask", ofSubtask.get("type").stringValue());
    assertEquals(task, ofSubtask.get("task_id").stringValue());
    assertEquals("[]", ofSubtask.get("snippets").toString());
    assertEquals(
        "[{\"start\":0,\"end\":8},{\"start\":26,\"end\":29}]",
        ofSubtask.get("title_highlights").toString());
    JsonNode ofNote = found.get(1);
    assertEquals("note", ofNote.get("type").stringValue());
    assertTrue(ofNote.get("task_id").isNull());
    assertEquals("Tap and sink", ofNote.get("title").stringValue());
    JsonNode ofTask = found.get(2);
    assertEquals("task", ofTask.get("type").stringValue());
    assertEquals(
        "[{\"text\":\"Ask the landlord first\",\"highlights\":[{\"start\":8,\"end\":16}]}]",
        ofTask.get("snippets").toString());
    assertFalse(ofTask.get("completed").booleanValue());
    assertEquals(List.of(), results("landlord tapes"));
  }

  @Test
  void FR_216_the_best_matches_come_first_then_open_then_newest_items() {
    String whole = create("Water the plants", "");
    String prefix = create("Waterproof shoes", "");
    String punctuated = create("(water) bill", "");
    String inner = create("Underwater camera", "");
    String text = create("Camera", "for water");
    String innerText = create("Other camera", "for underwater use");
    String done = create("Water meter", "");
    complete(done);
    String archived = create("Water tank", "");
    api.patch("/api/v1/tasks/" + archived, Map.of("version", 1, "archived", true)).expect(200);
    String doneInner = create("Rainwater", "");
    complete(doneInner);
    String hidden = create("Colder", "water");
    api.patch("/api/v1/tasks/" + hidden, Map.of("version", 1, "hidden", true)).expect(200);
    String note = api.createNote("Water\nis wet");
    List<JsonNode> found = results("water");
    assertEquals(
        List.of(
            note,
            punctuated,
            prefix,
            whole,
            archived,
            done,
            inner,
            doneInner,
            text,
            hidden,
            innerText),
        ids(found));
    assertTrue(found.get(4).get("archived").booleanValue());
    assertTrue(found.get(5).get("completed").booleanValue());
    assertTrue(found.get(9).get("hidden").booleanValue());
  }

  @Test
  void FR_216_a_subtask_is_as_open_as_its_task() {
    String task = create("A task", "");
    String open = api.createSubtask(task, "step one");
    String otherTask = create("Another task", "");
    String ofCompleted = api.createSubtask(otherTask, "step two");
    api.post("/api/v1/tasks/" + otherTask + "/force-complete", Map.of("version", 2)).expect(200);
    assertEquals(List.of(open, ofCompleted), ids(results("step")));
  }

  @ParameterizedTest
  @CsvSource({
    "task, task",
    "'note,subtask', 'note subtask'",
    "'task,subtask,note', 'note subtask task'"
  })
  void FR_215_types_select(String types, String expected) {
    String task = create("Pay the rent", "");
    api.createSubtask(task, "rent money");
    api.createNote("rent");
    Set<String> found = new TreeSet<>();
    for (JsonNode result : pages(api, encoded("rent") + "&type=" + types, 1)) {
      found.add(result.get("type").stringValue());
    }
    assertEquals(expected, String.join(" ", found));
  }

  /** Enough for several groups: words of all, of some and of few, short ones and a wildcard. */
  @Test
  void FR_215_all_pages_together_are_what_the_lists_find_and_the_matching_subtasks() {
    TestService.Session many = userWithManyItems();
    Map<String, Integer> found = new TreeMap<>();
    for (String words :
        List.of("common", "common seventh", "ROW1234x", "x", "zz", "%", "common missing")) {
      List<String> expected = new ArrayList<>();
      for (String state :
          List.of("", "&archived=true", "&hidden=true", "&hidden=true&archived=true")) {
        expected.addAll(ids(listed(many.api(), "/api/v1/tasks?q=" + encoded(words) + state)));
      }
      for (String state : List.of("", "&archived=true")) {
        expected.addAll(ids(listed(many.api(), "/api/v1/notes?q=" + encoded(words) + state)));
      }
      database
          .rows(
              """
              select s.id from tasks.subtasks s
              where s.user_id = ?
                and not exists (
                  select from unnest(?::text[]) as word
                  where strpos(search.folded(s.title), search.folded(word)) = 0)
              """,
              many.userId(),
              words.split(" "))
          .forEach(row -> expected.add(String.valueOf(row.get("id"))));
      List<String> walked =
          ids(pages(many.api(), encoded(words), expected.size() > 1_000 ? 100 : 33));
      assertEquals(walked.size(), new HashSet<>(walked).size(), words);
      assertEquals(new TreeSet<>(expected), new TreeSet<>(walked), words);
      found.put(words, walked.size());
    }
    assertEquals(4_000, found.get("common"));
    assertEquals(325, found.get("zz"));
    assertEquals(1, found.get("ROW1234x"));
    assertEquals(0, found.get("common missing"));
  }

  @Test
  void FR_216_a_walk_returns_each_item_once_although_others_are_created_and_deleted() {
    Set<String> expected = new TreeSet<>();
    for (int i = 0; i < 12; i++) {
      expected.add(create("Walk " + i, i % 3 == 0 ? "walk" : ""));
    }
    String deleted = create("Walk to delete", "");
    List<String> found = new ArrayList<>();
    String cursor = "";
    for (int page = 0; cursor != null; page++) {
      JsonNode answer = api.get(SEARCH + "walk&limit=4&cursor=" + cursor).expect(200).json();
      answer.get("data").forEach(result -> found.add(result.get("id").stringValue()));
      JsonNode next = answer.at("/pagination/next_cursor");
      assertEquals(next.isString(), answer.at("/pagination/has_more").booleanValue());
      cursor = next.isString() ? next.stringValue() : null;
      create("Walk further " + page, "");
      if (page == 0) {
        api.delete("/api/v1/tasks/" + deleted).expect(200);
      }
    }
    assertEquals(found.size(), new HashSet<>(found).size());
    found.remove(deleted);
    assertEquals(expected, new TreeSet<>(found));
  }

  @Test
  void FR_215_others_do_not_find_it() {
    create("Secret plan", "");
    assertEquals(List.of(), pages(service.newUser().api(), "secret", 25));
  }

  @Test
  void FR_215_the_link_leads_to_the_next_page() {
    create("Twice", "");
    create("Twice", "");
    Api.Answer first = api.get(SEARCH + "twice&limit=1").expect(200);
    String link = first.header("Link").orElseThrow();
    String target = link.substring(1, link.indexOf('>'));
    JsonNode second = api.get(target).expect(200).json();
    assertNotEquals(first.data().get(0).get("id"), second.get("data").get(0).get("id"));
    assertTrue(second.at("/pagination/next_cursor").isNull());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "q= | q | must have 1 to 200 characters",
        "q=%20 | q | must have a word",
        "type=task | q | must have a word",
        "q=a+b+c+d+e+f+g+h+i | q | must have at most 8 different words",
        "q=a&type=list | type | must be some of note, subtask, task, with commas",
        "q=a&type= | type | must be some of note, subtask, task, with commas",
        "q=a&limit=0 | limit | must be a whole number from 1 to 100",
        "q=a&cursor=x | cursor | must be next_cursor of this search, with the same q and type",
        "q=a&offset=0 | offset | is not a parameter here; did you mean q?",
      })
  void FR_215_invalid_parameters_are_refused(String query, String field, String message) {
    JsonNode fault =
        api.invalidOnPurpose()
            .get("/api/v1/search?" + query)
            .expect(400, "VALIDATION_ERROR")
            .json()
            .at("/error/details/0");
    assertEquals(field, fault.get("field").stringValue());
    if (!field.equals("offset")) {
      assertEquals(message, fault.get("message").stringValue());
    }
  }

  @Test
  void FR_215_a_cursor_is_valid_for_its_search_and_user_only() {
    create("Twice", "");
    create("Twice", "");
    String cursor =
        api.get(SEARCH + "twice&limit=1").json().at("/pagination/next_cursor").stringValue();
    api.get(SEARCH + "twice&limit=7&cursor=" + cursor).expect(200);
    for (String other : List.of("twic", "twice&type=task")) {
      api.invalidOnPurpose()
          .get(SEARCH + other + "&cursor=" + cursor)
          .expect(400, "VALIDATION_ERROR");
    }
    service
        .newUser()
        .api()
        .invalidOnPurpose()
        .get(SEARCH + "twice&cursor=" + cursor)
        .expect(400, "VALIDATION_ERROR");
  }

  /** The states differ, and so do the words. */
  private static TestService.Session userWithManyItems() {
    TestService.Session many = service.newUser();
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, description, completed, completed_at, completed_by, hidden, archived,
           created_at, updated_at)
        select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ?,
               case when n % 7 = 0 then 'Seventh task' else 'Task ' || n end,
               'row' || n || 'x uncommon' || case when n % 97 = 0 then ' Zz%' else '' end,
               n <= 2450, case when n <= 2450 then timestamptz '2026-01-01Z' end,
               case when n <= 2450 then 'manual' end, n % 11 = 0, n % 13 = 0,
               '2026-01-01Z', '2026-01-01Z'
        from generate_series(1, 2500) n
        """,
        many.userId());
    database.run(
        """
        insert into tasks.subtasks
          (id, user_id, task_id, title, completed, order_index, created_at, updated_at)
        select ('01900000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, ?,
               ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               case when n % 7 = 0 then 'seventh ' else '' end || 'common step', false, 0,
               '2026-01-01Z', '2026-01-01Z'
        from generate_series(1, 1200) n
        """,
        many.userId());
    database.run(
        """
        insert into notes.notes (id, user_id, content, archived, created_at, updated_at)
        select ('01900000-0000-7000-8000-f' || lpad(to_hex(n), 11, '0'))::uuid, ?,
               case when n % 7 = 0 then 'seventh' else 'note' end || E'\\ncommon zz', n <= 280,
               '2026-01-01Z', '2026-01-01Z'
        from generate_series(1, 300) n
        """,
        many.userId());
    return many;
  }

  private String create(String title, String description) {
    return api.post("/api/v1/tasks", Map.of("title", title, "description", description))
        .expect(201)
        .id();
  }

  private void complete(String task) {
    api.patch("/api/v1/tasks/" + task, Map.of("version", 1, "completed", true)).expect(200);
  }

  private List<JsonNode> results(String words) {
    return pages(api, encoded(words), 25);
  }

  private static List<JsonNode> pages(Api reader, String query, int limit) {
    return listed(reader, SEARCH + query + "&limit=" + limit);
  }

  private static List<JsonNode> listed(Api reader, String target) {
    List<JsonNode> results = new ArrayList<>();
    String limited = target.contains("limit=") ? target : target + "&limit=100";
    String cursor = "";
    do {
      JsonNode page = reader.get(limited + "&cursor=" + cursor).expect(200).json();
      page.get("data").forEach(results::add);
      cursor = page.at("/pagination/next_cursor").asString("");
    } while (!cursor.isEmpty());
    return results;
  }

  private static List<String> ids(List<JsonNode> results) {
    return results.stream().map(result -> result.get("id").stringValue()).toList();
  }

  private static String encoded(String words) {
    return URLEncoder.encode(words, StandardCharsets.UTF_8).replace("+", "%20");
  }
}

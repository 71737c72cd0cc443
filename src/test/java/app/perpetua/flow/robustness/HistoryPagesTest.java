package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MutableClock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Pages by cursor of the lists that only grow: notes, notifications, activity, credit history. */
class HistoryPagesTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final int ROWS = 40;

  /** Lists, with a statement that inserts rows of a user, several of which have the same time. */
  enum HistoryList {
    NOTES("/api/v1/notes?", "notes.notes", note(false)),
    ARCHIVED_NOTES("/api/v1/notes?archived=true&", "notes.notes", note(true)),
    FOUND_NOTES("/api/v1/notes?archived=true&q=kept&", "notes.notes", note(true)),
    NOTIFICATIONS("/api/v1/notifications?", "activity.notifications", notification()),
    UNREAD("/api/v1/notifications?unread_only=true&", "activity.notifications", notification()),
    ACTIVITY("/api/v1/activity?", "activity.activity_logs", entry("note")),
    ACTIVITY_OF_A_TYPE(
        "/api/v1/activity?entity_type=note&", "activity.activity_logs", entry("note")),
    ACTIVITY_OF_TASKS(
        "/api/v1/activity?entity_type=task&", "activity.activity_logs", entry("task")),
    ACTIVITY_OF_AN_ENTITY(
        "/api/v1/activity?entity_id=019ba722-4680-7c3e-9a51-2f6d8b0c4e17&",
        "activity.activity_logs",
        entry("task")),
    ACTIVITY_SINCE(
        "/api/v1/activity?since=2026-03-09T00:00:00Z&", "activity.activity_logs", entry("task")),
    CREDITS("/api/v1/credits/history?", "billing.ai_credit_ledger", credit());

    private final String path;
    private final String table;
    private final String insert;

    HistoryList(String path, String table, String insert) {
      this.path = path;
      this.table = table;
      this.insert = insert;
    }

    private static String note(boolean archived) {
      return """
          insert into notes.notes (id, user_id, content, archived, created_at, updated_at)
          select gen_random_uuid(), v.user_id, 'kept ' || k, %s, v.at + k / 3 * interval '1 ms', v.at
          """
          .formatted(archived);
    }

    private static String notification() {
      return """
          insert into activity.notifications (id, user_id, type, title, body, created_at, updated_at)
          select gen_random_uuid(), v.user_id, 'system', 'title', 'body',
                 v.at + k / 3 * interval '1 ms', v.at
          """;
    }

    /** On several days. */
    private static String entry(String type) {
      return """
          insert into activity.activity_logs
            (id, user_id, entity_type, entity_id, action, source, created_at)
          select gen_random_uuid(), v.user_id, '%s', '019ba722-4680-7c3e-9a51-2f6d8b0c4e17', 'test',
                 'user', v.at + k / 3 * interval '5 h'
          """
          .formatted(type);
    }

    private static String credit() {
      return """
          insert into billing.ai_credit_ledger
            (id, user_id, grant_id, credit_type, operation, amount, balance_after, created_at)
          select gen_random_uuid(), v.user_id, v.grant_id, 'kickstart', 'grant', 1, 5, v.at
          """;
    }

    /** Inserts rows whose times begin then. */
    private void insert(UUID user, int count) {
      database.run(
          insert
              + """
              from (
                select g.user_id, g.id as grant_id, ?::timestamptz as at
                from billing.ai_credit_grants g
                where g.user_id = ? and g.credit_type = 'kickstart'
              ) v, generate_series(1, ?) k
              """,
          MutableClock.START,
          user,
          count);
    }

    private Set<String> ids(UUID user) {
      Set<String> ids = new HashSet<>();
      database
          .rows("select id::text as id from " + table + " where user_id = ?", user)
          .forEach(row -> ids.add((String) row.get("id")));
      return ids;
    }

    private void delete(String id) {
      database.run("delete from " + table + " where id = ?", UUID.fromString(id));
    }
  }

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  /** The validator of requests does not know {@code allowEmptyValue}. */
  private final Api cursors = api.invalidOnPurpose();

  private static List<String> ids(JsonNode page) {
    List<String> ids = new ArrayList<>();
    page.get("data").forEach(item -> ids.add(item.get("id").stringValue()));
    return ids;
  }

  private static void fill(HistoryList list, UUID user) {
    list.insert(user, ROWS);
  }

  @ParameterizedTest
  @EnumSource
  void FR_122_a_walk_by_cursor_sees_each_row_once_while_others_come_and_go(HistoryList list) {
    fill(list, user.userId());
    List<String> all = ids(api.get(list.path + "limit=100").expect(200).json());
    Set<String> expected = new HashSet<>(all);
    List<String> seen = new ArrayList<>();
    String cursor = "";
    int limit = 7;
    while (true) {
      JsonNode page =
          cursors.get(list.path + "limit=" + limit + "&cursor=" + cursor).expect(200).json();
      seen.addAll(ids(page));
      JsonNode pagination = page.get("pagination");
      assertEquals(limit, pagination.get("limit").intValue());
      assertFalse(pagination.has("total"));
      assertEquals(
          pagination.get("has_more").booleanValue(), !pagination.get("next_cursor").isNull());
      if (!pagination.get("has_more").booleanValue()) {
        break;
      }
      cursor = pagination.get("next_cursor").stringValue();
      list.insert(user.userId(), 3);
      // The row that the cursor names, and one that is still to come.
      list.delete(seen.getLast());
      String last = all.getLast();
      if (!seen.contains(last) && expected.remove(last)) {
        list.delete(last);
      }
      limit = limit == 7 ? 5 : 7;
    }
    List<String> old = seen.stream().filter(all::contains).toList();
    assertEquals(expected.size(), old.size(), "each once");
    assertEquals(expected, new HashSet<>(old));
    assertEquals(all.stream().filter(old::contains).toList(), old, "in the order of the list");
  }

  @ParameterizedTest
  @EnumSource
  void FR_122_pages_by_offset_and_by_cursor_agree_and_link_to_the_next(HistoryList list) {
    fill(list, user.userId());
    List<String> all = ids(api.get(list.path + "limit=100").expect(200).json());
    assertTrue(all.size() >= ROWS && list.ids(user.userId()).containsAll(all));
    for (String first : List.of("offset=0", "cursor=")) {
      List<String> walked = new ArrayList<>();
      String next = list.path + "limit=9&" + first;
      while (next != null) {
        Api.Answer page = cursors.get(next).expect(200);
        walked.addAll(ids(page.json()));
        next = page.header("Link").map(link -> link.substring(1, link.indexOf('>'))).orElse(null);
        assertEquals(next != null, page.json().get("pagination").get("has_more").booleanValue());
      }
      assertEquals(all, walked, first);
    }
    JsonNode beyond = api.get(list.path + "offset=5000").expect(200).json().get("pagination");
    assertEquals(all.size(), beyond.get("total").intValue());
    assertFalse(beyond.get("has_more").booleanValue());
  }

  @ParameterizedTest
  @EnumSource
  void FR_122_a_cursor_of_something_else_is_refused(HistoryList list) {
    fill(list, user.userId());
    String cursor = cursor(cursors, list.path);
    TestService.Session other = service.newUser();
    fill(list, other.userId());
    refused(other.api(), list.path + "cursor=" + cursor);
    refused(api, list.path + "cursor=" + cursor.substring(1));
    refused(api, list.path + "cursor=" + cursor + "A");
    refused(api, list.path + "cursor=" + cursor + "&offset=0");
    refused(api, list.path + "cursor=1");
    for (HistoryList another : HistoryList.values()) {
      if (another != list) {
        refused(api, another.path + "cursor=" + cursor);
      }
    }
    api.get(list.path + "limit=3&cursor=" + cursor).expect(200);
  }

  private static String cursor(Api api, String path) {
    return api.get(path + "limit=5&cursor=")
        .expect(200)
        .json()
        .get("pagination")
        .get("next_cursor")
        .stringValue();
  }

  private static void refused(Api api, String target) {
    JsonNode error =
        api.invalidOnPurpose().get(target).expect(400, "VALIDATION_ERROR").json().get("error");
    assertEquals("cursor", error.get("details").get(0).get("field").stringValue(), target);
  }

  @Test
  void FR_122_the_total_of_the_activity_log_is_exact_up_to_ten_thousand() {
    int own =
        api.get("/api/v1/activity").expect(200).json().get("pagination").get("total").intValue();
    String entries =
        """
        insert into activity.activity_logs
          (id, user_id, entity_type, action, source, created_at)
        select gen_random_uuid(), ?, 'task', 'test', 'user', ?::timestamptz + k * interval '1 ms'
        from generate_series(1, ?) k
        """;
    database.run(entries, user.userId(), MutableClock.START, 10_000 - own);
    assertPage(0, 10_000, true);
    assertPage(9_975, 10_000, false);
    assertPage(20_000, 10_000, false);
    database.run(entries, user.userId(), MutableClock.START, 50);
    assertPage(0, 10_001, true);
    assertPage(10_000, 10_026, true);
    assertPage(10_025, 10_050, false);
    JsonNode beyond = api.get("/api/v1/activity?offset=20000").expect(200).json().get("pagination");
    assertTrue(beyond.get("total").intValue() > 10_000);
    assertFalse(beyond.get("has_more").booleanValue());
  }

  private void assertPage(int offset, int total, boolean more) {
    JsonNode page =
        api.get("/api/v1/activity?offset=" + offset).expect(200).json().get("pagination");
    assertEquals(total, page.get("total").intValue(), "total at " + offset);
    assertEquals(more, page.get("has_more").booleanValue(), "has_more at " + offset);
  }
}

package app.perpetua.flow.notifications;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class NotificationApiTest {
  private static final String ALL = "/api/v1/notifications";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session session = service.newUser();
  private final Api api = session.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private static UUID addNotification(TestService.Session recipient, String title) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into activity.notifications
          (id, user_id, type, title, body, created_at, updated_at)
        values (?, ?, 'reminder', ?, 'body', ?, ?)
        """,
        id,
        recipient.userId(),
        title,
        service.clock().instant(),
        service.clock().instant());
    service.clock().advance(Duration.ofSeconds(1));
    return id;
  }

  private static List<String> titles(Api.Answer page) {
    return page.data().values().stream().map(one -> one.get("title").stringValue()).toList();
  }

  private long entries() {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ?", session.userId());
  }

  @Test
  void FR_055_notifications_are_listed_newest_first_with_the_unread_count() {
    for (String title : List.of("a", "b", "c")) {
      addNotification(session, title);
    }
    addNotification(service.newUser(), "another user's");
    Api.Answer all = api.get(ALL).expect(200);
    assertEquals(List.of("c", "b", "a"), titles(all));
    assertEquals(3, all.json().get("unread_count").intValue());
    Api.Answer page = api.get(ALL + "?limit=1&offset=1").expect(200);
    assertEquals(List.of("b"), titles(page));
    assertEquals(3, page.json().at("/pagination/total").intValue());
    assertTrue(page.json().at("/pagination/has_more").booleanValue());
  }

  @Test
  void FR_132_message_has_the_text_of_body() {
    UUID id = addNotification(session, "a");
    JsonNode listed = api.get(ALL).expect(200).data().get(0);
    JsonNode read = api.patch(ALL + "/" + id + "/read", "{}").expect(200).data();
    for (JsonNode notification : List.of(listed, read)) {
      assertEquals("body", notification.get("body").stringValue());
      assertEquals(notification.get("body"), notification.get("message"));
    }
  }

  @Test
  void without_notifications_the_page_is_empty() {
    Api.Answer page = api.get(ALL).expect(200);
    assertEquals(0, page.data().size());
    assertEquals(0, page.json().get("unread_count").intValue());
  }

  @Test
  void FR_057_reading_one_counts_and_filters() {
    UUID first = addNotification(session, "a");
    addNotification(session, "b");
    long before = entries();
    JsonNode read = api.patch(ALL + "/" + first + "/read", "{}").expect(200).data();
    assertTrue(read.get("read").booleanValue());
    assertEquals(read.get("read_at"), read.get("updated_at"));
    Api.Answer unread = api.get(ALL + "?unread_only=true").expect(200);
    assertEquals(List.of("b"), titles(unread));
    assertEquals(1, unread.json().at("/pagination/total").intValue());
    assertEquals(2, api.get(ALL + "?unread_only=false").expect(200).data().size());
    assertEquals(read, api.get(ALL).data().get(1));

    service.clock().advance(Duration.ofMinutes(1));
    JsonNode again = api.send("PATCH", ALL + "/" + first + "/read", null).expect(200).data();
    assertEquals(read, again, "the time of the first reading stays");
    assertEquals(before, entries(), "reading is no change to be logged");
  }

  @Test
  void FR_057_reading_all_returns_the_number_of_unread() {
    addNotification(session, "a");
    addNotification(session, "b");
    TestService.Session other = service.newUser();
    addNotification(other, "another user's");
    long before = entries();
    assertEquals(2, marked(api.post(ALL + "/read-all")));
    assertEquals(0, marked(api.post(ALL + "/read-all", "{}")));
    assertEquals(0, api.get(ALL).json().get("unread_count").intValue());
    assertEquals(1, other.api().get(ALL).json().get("unread_count").intValue());
    assertEquals(before, entries());
  }

  private static int marked(Api.Answer answer) {
    return answer.expect(200).data().get("marked_count").intValue();
  }

  @Test
  void a_deleted_notification_is_not_found() {
    String one = ALL + "/" + addNotification(session, "a");
    api.delete(one).expect(204);
    assertEquals(0, api.get(ALL).data().size());
    api.delete(one).expect(404, "NOT_FOUND");
    api.patch(one + "/read", "{}").expect(404, "NOT_FOUND");
  }

  @Test
  void FR_004_another_users_notification_is_forbidden() {
    String other = ALL + "/" + addNotification(service.newUser(), "a");
    api.patch(other + "/read", "{}").expect(403, "FORBIDDEN");
    api.delete(other).expect(403, "FORBIDDEN");
    assertFalse(
        (boolean)
            java.util.Objects.requireNonNull(
                database
                    .row(
                        "select read from activity.notifications where id = ?::uuid",
                        other.substring(ALL.length() + 1))
                    .get("read")));
  }

  @Test
  void a_deleted_account_is_unauthorized() {
    database.run("delete from auth.users where id = ?", session.userId());
    api.get(ALL).expect(401, "UNAUTHORIZED");
  }
}

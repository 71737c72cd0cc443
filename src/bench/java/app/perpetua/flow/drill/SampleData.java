package app.perpetua.flow.drill;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakePushService;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * Uses the service as a few people do, so that nearly every table has rows. What is due later lies
 * days ahead: no job changes the data while it is compared.
 */
final class SampleData {
  /**
   * A signed-in person.
   *
   * @param name first name
   * @param token access token
   * @param refreshToken the session's refresh token
   */
  record Person(String name, String token, String refreshToken) {}

  /** A write that was answered, to be repeated with the same key. */
  record Repeatable(Person person, String path, Map<String, String> body, UUID key, String id) {}

  private static final String TASKS = "/api/v1/tasks";
  private static final String NOTES = "/api/v1/notes";

  private final Client client;
  private final FakeGoogle google;
  private final FakeCheckout checkout;
  private final FakePushService push;
  private final Instant now;

  SampleData(
      Client client, FakeGoogle google, FakeCheckout checkout, FakePushService push, Instant now) {
    this.client = client;
    this.google = google;
    this.checkout = checkout;
    this.push = push;
    this.now = now;
  }

  /** Creates the data; returns the people whose accounts remain. */
  List<Person> create() throws IOException, InterruptedException {
    Person ada = signIn("Ada");
    Person grace = signIn("Grace");
    Person juergen = signIn("Jürgen");
    subscribe(ada);
    assist(ada);
    recur(grace);
    achieve(grace);
    undo(juergen);
    remind(juergen);
    leave(signIn("Former"));
    return List.of(ada, grace, juergen);
  }

  /** Creates a task with a key that {@link Repeatable} keeps. */
  Repeatable repeatable(Person person) throws IOException, InterruptedException {
    UUID key = UUID.randomUUID();
    Map<String, String> body = Map.of("title", "Renew the passport");
    JsonNode answer = client.write(person.token(), "POST", TASKS, body, key);
    return new Repeatable(person, TASKS, body, key, text(answer.path("data"), "id"));
  }

  private Person signIn(String name) throws IOException, InterruptedException {
    String subject = "1" + UUID.randomUUID().toString().replaceAll("\\D", "");
    String token =
        google
            .idToken(subject)
            .with("name", name + " Example")
            .with("email", subject + "@example.com")
            .sign();
    JsonNode answer =
        client.write(
            "",
            "POST",
            "/api/v1/auth/google/callback",
            Map.of("id_token", token),
            UUID.randomUUID());
    return new Person(name, text(answer, "access_token"), text(answer, "refresh_token"));
  }

  /** Buys Pro and credits. */
  private void subscribe(Person person) throws IOException, InterruptedException {
    JsonNode month = post(person, "/api/v1/subscription/checkout", Map.of());
    checkout.pay(text(month, "session_id"));
    JsonNode credits = post(person, "/api/v1/credits/purchase", Map.of("amount", 120));
    checkout.pay(text(credits, "session_id"));
    JsonNode declined = post(person, "/api/v1/credits/purchase", Map.of("amount", 40));
    checkout.decline(text(declined, "session_id"));
  }

  /** Chats, lets subtasks be suggested, confirms them, and converts a note. */
  private void assist(Person person) throws IOException, InterruptedException {
    String task = task(person, "Plan the move to Zürich", 20);
    post(person, "/api/v1/ai/chat", Map.of("message", "What should I pack first?"));
    JsonNode suggested = post(person, "/api/v1/ai/generate-subtasks", Map.of("task_id", task));
    confirm(person, suggested);
    String note = note(person, "Call the landlord about the keys");
    confirm(person, post(person, NOTES + "/" + note + "/convert", Map.of()));
    post(
        person,
        NOTES,
        Map.of("voice_url", "https://recordings.test/a", "voice_duration_seconds", 70));
  }

  private void confirm(Person person, JsonNode suggestion)
      throws IOException, InterruptedException {
    post(
        person,
        "/api/v1/ai/confirm-action",
        Map.of("suggestion_id", text(suggestion, "suggestion_id")));
  }

  /** A rule whose first instance is completed, with subtasks and a focus session. */
  private void recur(Person person) throws IOException, InterruptedException {
    Map<String, ?> daily =
        Map.of(
            "title",
            "Water the plants",
            "rrule",
            "FREQ=DAILY",
            "starts_at",
            Json.instant(now.plus(Duration.ofDays(2))),
            "estimated_duration",
            15);
    JsonNode created =
        client.write(person.token(), "POST", "/api/v1/templates", daily, UUID.randomUUID());
    post(
        person,
        "/api/v1/templates",
        Map.of("title", "Pay the rent", "rrule", "FREQ=MONTHLY;BYMONTHDAY=1"));
    String task = text(created.path("task"), "id");
    String first = text(post(person, subtasks(task), Map.of("title", "Balcony")), "id");
    post(person, subtasks(task), Map.of("title", "Kitchen"));
    patch(person, "/api/v1/subtasks/" + first, Map.of("completed", true));
    post(person, "/api/v1/focus/start", Map.of("task_id", task));
    post(person, "/api/v1/focus/end", Map.of("task_id", task));
    int version = data(person, TASKS + "/" + task).path("version").asInt();
    post(person, TASKS + "/" + task + "/force-complete", Map.of("version", version));
    post(person, "/api/v1/focus/start", Map.of("task_id", task(person, "Write the report", 5)));
  }

  /** Five completed tasks unlock an achievement. */
  private void achieve(Person person) throws IOException, InterruptedException {
    for (String title : List.of("Straße fegen", "Einkaufen", "Buy 🥖 and ☕", "ごみを出す", "Ring Zoë")) {
      patch(person, TASKS + "/" + task(person, title, 3), Map.of("completed", true));
    }
  }

  /** Deletes tasks and notes and recovers one of them. */
  private void undo(Person person) throws IOException, InterruptedException {
    for (int i = 1; i <= 4; i++) {
      String task = task(person, "Draft " + i, i);
      post(person, subtasks(task), Map.of("title", "Outline"));
      client.write(person.token(), "DELETE", TASKS + "/" + task, Map.of());
    }
    String note = note(person, "Groß oder klein, ganz gleich");
    note(person, "Two lines:\nthe second");
    client.write(person.token(), "DELETE", NOTES + "/" + note, Map.of());
    JsonNode tombstones = data(person, "/api/v1/recovery/tombstones");
    post(
        person,
        "/api/v1/recovery/tombstones/" + text(tombstones.get(0), "id") + "/recover",
        Map.of());
  }

  /** Reminders of every kind, a browser for pushes, a calendar feed, and a changed profile. */
  private void remind(Person person) throws IOException, InterruptedException {
    String reminders = TASKS + "/" + task(person, "See the dentist", 9) + "/reminders";
    post(person, reminders, Map.of("type", "before", "offset_minutes", 60, "method", "push"));
    post(person, reminders, Map.of("type", "after", "offset_minutes", 1_440));
    Instant later = now.plus(Duration.ofDays(5));
    post(person, reminders, Map.of("type", "absolute", "scheduled_at", Json.instant(later)));
    post(person, "/api/v1/notifications/push-subscription", push.subscribe().json());
    post(person, "/api/v1/calendar-feeds", Map.of("name", "Work"));
    patch(person, "/api/v1/users/me", Map.of("timezone", "Europe/Zurich"));
  }

  /** Buys credits and deletes the account, which leaves the payment's records. */
  private void leave(Person person) throws IOException, InterruptedException {
    task(person, "Nothing remains of this", 1);
    JsonNode credits = post(person, "/api/v1/credits/purchase", Map.of("amount", 10));
    checkout.pay(text(credits, "session_id"));
    JsonNode me = data(person, "/api/v1/users/me");
    client.write(
        person.token(), "DELETE", "/api/v1/users/me", Map.of("confirm", text(me, "email")));
  }

  /** The answers to a person's reads, by path. */
  static Map<String, String> answers(Client client, Person person)
      throws IOException, InterruptedException {
    Map<String, String> answers = new LinkedHashMap<>();
    List<String> paths = new ArrayList<>();
    for (String list :
        List.of("tasks", "templates", "notes", "reminders", "notifications", "activity")) {
      paths.add("/api/v1/" + list + "?limit=100");
    }
    paths.addAll(
        List.of(
            "/api/v1/users/me",
            "/api/v1/tasks?q=STRASSE",
            "/api/v1/notes?q=gross",
            "/api/v1/recovery/tombstones",
            "/api/v1/focus/active",
            "/api/v1/credits/balance",
            "/api/v1/credits/history?limit=100",
            "/api/v1/achievements/me",
            "/api/v1/subscription",
            "/api/v1/ai/voice-sessions"));
    for (String path : paths) {
      answers.put(path, client.read(person.token(), path));
    }
    String export = client.read(person.token(), "/api/v1/users/me/export");
    answers.put("/api/v1/users/me/export", export.replaceFirst("\"exported_at\":\"[^\"]*\"", ""));
    return answers;
  }

  private String task(Person person, String title, int days)
      throws IOException, InterruptedException {
    return text(
        post(
            person,
            TASKS,
            Map.of(
                "title",
                title,
                "description",
                "As discussed; see the notes.",
                "due_date",
                Json.instant(now.plus(Duration.ofDays(days))),
                "estimated_duration",
                60)),
        "id");
  }

  private String note(Person person, String content) throws IOException, InterruptedException {
    return text(post(person, NOTES, Map.of("content", content)), "id");
  }

  private static String subtasks(String task) {
    return TASKS + "/" + task + "/subtasks";
  }

  private JsonNode data(Person person, String path) throws IOException, InterruptedException {
    return new Json().parse(client.read(person.token(), path)).path("data");
  }

  private JsonNode post(Person person, String path, Map<String, ?> body)
      throws IOException, InterruptedException {
    return client.write(person.token(), "POST", path, body);
  }

  private void patch(Person person, String path, Map<String, ?> body)
      throws IOException, InterruptedException {
    client.write(person.token(), "PATCH", path, body);
  }

  private static String text(JsonNode node, String member) {
    String text = node.path(member).asString("");
    if (text.isEmpty()) {
      throw new IllegalStateException("the answer has no " + member + ": " + node);
    }
    return text;
  }
}

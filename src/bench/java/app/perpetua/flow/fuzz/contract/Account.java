package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.harness.VoiceTestClient;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * A user with one resource of each kind, created when it is first needed, and again after a request
 * that may have changed it. For one thread.
 */
final class Account {
  /** A resource, by its id or another text that requests need. */
  enum Kind {
    TASK,
    SUBTASK,
    LIST,
    LABEL,
    PAUSE,
    SECOND_SUBTASK,
    REMINDER,
    TEMPLATE,
    /** A task that a template has created. */
    INSTANCE,
    FILTER,
    NOTE,
    TOMBSTONE,
    NOTIFICATION,
    VOICE_SESSION,
    /** A task with a running focus session. */
    FOCUS,
    /** Google's ID token of a person. */
    ID_TOKEN,
    REFRESH_TOKEN,
    /** Another session of the user. */
    SESSION,
    /** An entry of the activity log, of a change that can be undone. */
    ACTIVITY,
    PERSONAL_TOKEN,
    CALENDAR_FEED,
    /** The secret of a calendar feed. */
    CALENDAR_TOKEN,
    /** An import that has finished. */
    IMPORT,
    /** Endpoint of a subscription that exists. */
    PUSH_ENDPOINT,
    WEBHOOK_ENDPOINT,
    /** A delivery of {@link #WEBHOOK_ENDPOINT}. */
    WEBHOOK_DELIVERY,
    /** Access token of a user without a subscription. */
    FREE_USER,
    /** Access token of a user with a subscription. */
    SUBSCRIBER
  }

  private static final int VOICE_ATTEMPTS = 3;

  private final Stage stage;
  private final Session session;
  private final Map<Kind, String> texts = new EnumMap<>(Kind.class);
  private final Set<Kind> used = EnumSet.noneOf(Kind.class);
  private int version;

  Account(Stage stage) {
    this.stage = stage;
    this.session = Session.ofNewPro(stage);
  }

  String token() {
    return session.accessToken();
  }

  String email() {
    return session.email();
  }

  Instant now() {
    return stage.service().clock().instant();
  }

  /** Time from now in the contract's format. */
  String in(Duration time) {
    return Json.instant(now().plus(time));
  }

  /** The text of a kind, which exists when this returns. */
  String of(Kind kind) {
    used.add(kind);
    String known = texts.get(kind);
    if (known == null) {
      known = make(kind);
      texts.put(kind, known);
    }
    return known;
  }

  /** Begins a request: from now on, uses count for {@link #changed}. */
  void begin() {
    used.clear();
  }

  /** The request was accepted and may have changed what it used. */
  void changed() {
    texts.keySet().removeAll(used);
    version = 0;
  }

  Map<String, Object> newSubscription() {
    return stage.service().push().subscribe().json();
  }

  /** A user may have fifty. */
  void forgetTokens() {
    stage.database().run("delete from auth.personal_tokens where user_id = ?", session.userId());
    texts.remove(Kind.PERSONAL_TOKEN);
  }

  /** A user may have ten endpoints. */
  void forgetWebhooks() {
    stage
        .database()
        .run("delete from activity.webhook_endpoints where user_id = ?", session.userId());
    stage.database().run("update auth.users set webhooks = false where id = ?", session.userId());
    texts.keySet().removeAll(Set.of(Kind.WEBHOOK_ENDPOINT, Kind.WEBHOOK_DELIVERY));
  }

  /** A valid draft of an endpoint. */
  Map<String, Object> newEndpoint() {
    return Map.of(
        "url", stage.service().webhooks().origin() + "/fuzz", "events", List.of("task.created"));
  }

  /** Ends a running focus session. */
  void unfocus() {
    JsonNode active = session.get("/api/v1/focus/active");
    if (active.isObject()) {
      Map<String, String> task = Map.of("task_id", active.required("task_id").stringValue());
      session.post("/api/v1/focus/end", task);
    }
    texts.remove(Kind.FOCUS);
  }

  /** The version of {@link Kind#TASK}. */
  int taskVersion() {
    String task = of(Kind.TASK);
    if (version == 0) {
      version = session.get("/api/v1/tasks/" + task).required("version").intValue();
    }
    return version;
  }

  private String make(Kind kind) {
    version = 0;
    return switch (kind) {
      case TASK -> {
        // What belongs to the task before is not to be mixed with it.
        texts.keySet().removeAll(Set.of(Kind.SUBTASK, Kind.SECOND_SUBTASK, Kind.REMINDER));
        Map<String, String> task = Map.of("title", "task", "due_date", in(Duration.ofDays(20)));
        yield id(session.post("/api/v1/tasks", task));
      }
      case SUBTASK, SECOND_SUBTASK ->
          id(session.post("/api/v1/tasks/" + of(Kind.TASK) + "/subtasks", Map.of("title", "step")));
      case REMINDER ->
          id(
              session.post(
                  "/api/v1/tasks/" + of(Kind.TASK) + "/reminders",
                  Map.of("type", "absolute", "scheduled_at", in(Duration.ofHours(5)))));
      case TEMPLATE ->
          id(session.post("/api/v1/templates", Map.of("title", "template", "rrule", "FREQ=DAILY")));
      case INSTANCE -> {
        Map<String, String> once = Map.of("title", "template", "rrule", "FREQ=DAILY;COUNT=1");
        String template = id(session.post("/api/v1/templates", once));
        yield id(session.get("/api/v1/tasks?template_id=" + template).required(0));
      }
      case FILTER -> {
        // The number of filters is limited.
        stage.database().run("delete from tasks.filters where user_id = ?", session.userId());
        yield id(session.post("/api/v1/filters", Map.of("name", "Late", "query", "overdue")));
      }
      case NOTE -> id(session.post("/api/v1/notes", Map.of("content", "a note")));
      case TOMBSTONE ->
          session
              .delete("/api/v1/tasks/" + newTask("deleted"))
              .required("tombstone_id")
              .stringValue();
      case NOTIFICATION -> notification();
      case VOICE_SESSION -> voiceSession();
      case FOCUS -> {
        unfocus();
        String task = newTask("in focus");
        session.post("/api/v1/focus/start", Map.of("task_id", task));
        yield task;
      }
      case ID_TOKEN -> stage.service().google().idToken("google-" + UUID.randomUUID()).sign();
      case REFRESH_TOKEN -> Session.ofNewUser(stage).refreshToken();
      case PERSONAL_TOKEN -> {
        forgetTokens();
        Map<String, Object> token = Map.of("name", "a program", "scopes", List.of("tasks:read"));
        yield id(session.post("/api/v1/tokens", token));
      }
      case SESSION -> otherSession();
      case ACTIVITY -> {
        newTask("to undo");
        yield session
            .get("/api/v1/activity?entity_type=task&limit=1")
            .path(0)
            .required("id")
            .stringValue();
      }
      case LIST -> {
        // The number of lists is limited.
        stage.database().run("delete from tasks.lists where user_id = ?", session.userId());
        yield session.post("/api/v1/lists", Map.of("name", "Garden")).required("id").stringValue();
      }
      case LABEL -> {
        stage.database().run("delete from tasks.labels where user_id = ?", session.userId());
        yield session.post("/api/v1/labels", Map.of("name", "urgent")).required("id").stringValue();
      }
      case PAUSE -> {
        // Pauses do not overlap.
        stage
            .database()
            .run("delete from achievements.streak_pauses where user_id = ?", session.userId());
        String day = in(Duration.ofDays(3)).substring(0, 10);
        yield session
            .post("/api/v1/streak/pauses", Map.of("from", day, "to", day))
            .required("id")
            .stringValue();
      }
      case CALENDAR_FEED -> newCalendarFeed().required("id").stringValue();
      case CALENDAR_TOKEN ->
          newCalendarFeed().required("url").stringValue().replaceFirst("^/ical/(.*)\\.ics$", "$1");
      case IMPORT -> finishedImport();
      case PUSH_ENDPOINT -> {
        // A user may have ten.
        stage
            .database()
            .run("delete from activity.push_subscriptions where user_id = ?", session.userId());
        Map<String, Object> subscription = newSubscription();
        session.post("/api/v1/notifications/push-subscription", subscription);
        yield String.valueOf(subscription.get("endpoint"));
      }
      case WEBHOOK_ENDPOINT -> {
        forgetWebhooks();
        yield id(session.post("/api/v1/webhooks/endpoints", newEndpoint()));
      }
      case WEBHOOK_DELIVERY ->
          id(
              session.post(
                  "/api/v1/webhooks/endpoints/" + of(Kind.WEBHOOK_ENDPOINT) + "/test", Map.of()));
      case FREE_USER -> Session.ofNewUser(stage).accessToken();
      case SUBSCRIBER -> subscriber();
    };
  }

  private String newTask(String title) {
    return id(session.post("/api/v1/tasks", Map.of("title", title)));
  }

  private static String id(JsonNode data) {
    return data.required("id").stringValue();
  }

  /** Makes room for a calendar feed: a user may have ten. */
  Map<String, Object> newCalendarFeedDraft() {
    stage.database().run("delete from tasks.calendar_feeds where user_id = ?", session.userId());
    texts.keySet().removeAll(Set.of(Kind.CALENDAR_FEED, Kind.CALENDAR_TOKEN));
    return Map.of("name", "Work", "kind", "both", "priority", "high");
  }

  private JsonNode newCalendarFeed() {
    return session.post("/api/v1/calendar-feeds", newCalendarFeedDraft());
  }

  private String finishedImport() {
    UUID id = UUID.randomUUID();
    stage
        .database()
        .run(
            """
            insert into tasks.imports
              (id, user_id, source, dry_run, state, file_bytes, compressed, timezone, created_at,
               finished_at)
            values (?, ?, 'icalendar', true, 'done', 1, false, 'UTC', now(), now())
            """,
            id,
            session.userId());
    return id.toString();
  }

  private String otherSession() {
    UUID id = UUID.randomUUID();
    stage
        .database()
        .run(
            """
            insert into auth.refresh_tokens
              (user_id, token_hash, family, seq, created_at, expires_at, device_id, device_name, started_at)
            values (?, ?, ?, 0, ?, ?, ?, 'another device', ?)
            """,
            session.userId(),
            Sha256.hash(id.toString()),
            id,
            now(),
            now().plus(Duration.ofDays(7)),
            id,
            now());
    return id.toString();
  }

  private String notification() {
    UUID id = UUID.randomUUID();
    stage
        .database()
        .run(
            """
            insert into activity.notifications (id, user_id, type, title, body, created_at, updated_at)
            values (?, ?, 'system', 'title', 'body', ?, ?)
            """,
            id,
            session.userId(),
            now(),
            now());
    return id.toString();
  }

  /** Tried again, because a busy machine may exceed the time limit of connecting. */
  private String voiceSession() {
    IllegalStateException failure = new IllegalStateException("no voice session");
    for (int attempt = 0; attempt < VOICE_ATTEMPTS; attempt++) {
      try (VoiceTestClient client = VoiceTestClient.open(stage.port(), token())) {
        String id = client.next("connected").required("session_id").stringValue();
        client.endStream();
        client.next("complete");
        return id;
      } catch (Exception | AssertionError e) {
        failure.addSuppressed(e);
      }
    }
    throw failure;
  }

  private String subscriber() {
    Session other = Session.ofNewUser(stage);
    FakeCheckout checkout = stage.service().checkout();
    other.post("/api/v1/subscription/checkout", Map.of());
    List<FakeCheckout.Page> pages = checkout.pages();
    try {
      for (FakeCheckout.Page page : pages.reversed()) {
        if (page.request().toString().contains(other.userId().toString())) {
          checkout.pay(page.id());
          break;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return other.accessToken();
  }
}

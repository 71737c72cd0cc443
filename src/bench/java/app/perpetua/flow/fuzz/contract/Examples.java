package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.fuzz.contract.Account.Kind;
import app.perpetua.flow.harness.hostile.Operation;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** A valid request to each operation, with the resources that it needs. Immutable. */
final class Examples {
  /** A request that is not an upgrade is refused; the part {@code websocket} sends upgrades. */
  private static final Set<String> ONLY_UPGRADES = Set.of("GET /api/v1/ws/voice/transcribe");

  private final Account account;

  Examples(Account account) {
    this.account = account;
  }

  /** Whether an ordinary request to it can succeed. */
  static boolean canSucceed(Operation operation) {
    return !ONLY_UPGRADES.contains(operation.name());
  }

  /** A valid request, which succeeds. */
  Draft of(Operation operation) {
    account.begin();
    Draft draft = new Draft(operation);
    if (operation.isAuthenticated()) {
      draft.headers.add("Authorization: Bearer " + token(operation));
    }
    if (operation
        .document()
        .parameters(operation.contract())
        .containsKey("header Idempotency-Key")) {
      draft.headers.add("Idempotency-Key: " + UUID.randomUUID());
    }
    String[] steps = operation.path().split("/", -1);
    for (int i = 1; i < steps.length; i++) {
      if (steps[i].startsWith("{")) {
        boolean skips = operation.name().equals("POST /api/v1/tasks/{id}/skip");
        draft.path.put(
            steps[i].substring(1, steps[i].indexOf('}')),
            skips ? account.of(Kind.INSTANCE) : id(steps[i - 1]));
      }
    }
    if (operation.name().equals("GET /api/v1/search")) {
      draft.query.add("q=a");
    }
    draft.signed = operation.name().equals("POST /api/v1/webhooks/checkout");
    if (operation.name().equals("POST /api/v1/imports")) {
      draft.query.add("source=todoist_csv");
      draft.contentType = "application/octet-stream";
      draft.body = "TYPE,CONTENT\ntask,a task\n".getBytes(StandardCharsets.UTF_8);
    } else if (operation.takesBody()) {
      draft.body = RawJson.copy(body(operation));
    }
    return draft;
  }

  /** The latest request was accepted. */
  void changed() {
    account.changed();
  }

  private String token(Operation operation) {
    return switch (operation.name()) {
      case "POST /api/v1/subscription/checkout", "POST /api/v1/subscription/upgrade" ->
          account.of(Kind.FREE_USER);
      case "POST /api/v1/subscription/cancel" -> account.of(Kind.SUBSCRIBER);
      case "DELETE /api/v1/sessions" -> {
        account.of(Kind.SESSION);
        yield account.token();
      }
      default -> account.token();
    };
  }

  private String id(String collection) {
    return account.of(
        switch (collection) {
          case "tasks" -> Kind.TASK;
          case "subtasks" -> Kind.SUBTASK;
          case "reminders" -> Kind.REMINDER;
          case "templates" -> Kind.TEMPLATE;
          case "lists" -> Kind.LIST;
          case "labels" -> Kind.LABEL;
          case "pauses" -> Kind.PAUSE;
          case "notes" -> Kind.NOTE;
          case "filters" -> Kind.FILTER;
          case "tombstones", "recover" -> Kind.TOMBSTONE;
          case "notifications" -> Kind.NOTIFICATION;
          case "voice-sessions" -> Kind.VOICE_SESSION;
          case "sessions" -> Kind.SESSION;
          case "tokens" -> Kind.PERSONAL_TOKEN;
          case "activity" -> Kind.ACTIVITY;
          case "endpoints" -> Kind.WEBHOOK_ENDPOINT;
          case "deliveries" -> Kind.WEBHOOK_DELIVERY;
          case "calendar-feeds" -> Kind.CALENDAR_FEED;
          case "ical" -> Kind.CALENDAR_TOKEN;
          case "imports" -> Kind.IMPORT;
          default -> throw new IllegalArgumentException("no resource for /" + collection);
        });
  }

  private Object body(Operation operation) {
    return switch (operation.name()) {
      case "POST /api/v1/auth/google/callback" ->
          Map.of(
              "id_token",
              account.of(Kind.ID_TOKEN),
              "device",
              Map.of("id", UUID.randomUUID().toString(), "name", "a phone"));
      case "POST /api/v1/auth/refresh", "POST /api/v1/auth/logout" ->
          Map.of("refresh_token", account.of(Kind.REFRESH_TOKEN));
      case "DELETE /api/v1/users/me" -> Map.of("confirm", account.email());
      case "POST /api/v1/tasks" ->
          Map.of(
              "title", "a title",
              "description", "a description",
              "priority", "high",
              "due_date", account.in(Duration.ofDays(3)),
              "estimated_duration", 90);
      case "PATCH /api/v1/tasks/{id}", "PUT /api/v1/tasks/{id}" ->
          Map.of(
              "version",
              account.taskVersion(),
              "title",
              "another title",
              "description",
              "another description",
              "priority",
              "low",
              "due_date",
              account.in(Duration.ofDays(4)),
              "estimated_duration",
              30);
      case "POST /api/v1/tasks/{id}/force-complete" -> {
        account.of(Kind.SUBTASK);
        yield Map.of("version", account.taskVersion());
      }
      case "POST /api/v1/tasks/{id}/skip" -> Map.of();
      case "POST /api/v1/tasks/{id}/postpone" ->
          Map.of("version", account.taskVersion(), "due_date", account.in(Duration.ofDays(6)));
      case "POST /api/v1/tasks/{id}/subtasks" -> Map.of("title", "a step", "order_index", 0);
      case "PUT /api/v1/tasks/{id}/subtasks/reorder" ->
          Map.of("subtask_ids", List.of(account.of(Kind.SECOND_SUBTASK), account.of(Kind.SUBTASK)));
      case "PATCH /api/v1/subtasks/{id}", "PUT /api/v1/subtasks/{id}" -> {
        account.of(Kind.TASK);
        yield Map.of("title", "another step");
      }
      case "POST /api/v1/tasks/{id}/reminders" -> reminder();
      case "POST /api/v1/reminders" ->
          Map.of("task_id", account.of(Kind.TASK), "type", "before", "offset_minutes", 30);
      case "PATCH /api/v1/reminders/{id}" ->
          Map.of("scheduled_at", account.in(Duration.ofHours(9)), "method", "in_app");
      case "POST /api/v1/focus/start" -> {
        account.unfocus();
        yield Map.of("task_id", account.of(Kind.TASK));
      }
      case "POST /api/v1/focus/end" ->
          Map.of("task_id", account.of(Kind.FOCUS), "duration_seconds", 0);
      case "POST /api/v1/templates" ->
          Map.of(
              "title", "a template",
              "description", "a description",
              "priority", "low",
              "estimated_duration", 10,
              "rrule", "FREQ=WEEKLY;BYDAY=MO,FR",
              "timezone", "Europe/Berlin",
              "starts_at", account.in(Duration.ofDays(1)));
      case "POST /api/v1/templates/preview" ->
          Map.of(
              "rrule",
              "FREQ=MONTHLY;BYDAY=-1FR",
              "timezone",
              "Europe/Berlin",
              "starts_at",
              account.in(Duration.ofDays(1)),
              "count",
              2);
      case "PATCH /api/v1/templates/{id}" ->
          Map.of("rrule", "FREQ=DAILY;INTERVAL=2", "apply_to", "future", "title", "renamed");
      case "POST /api/v1/notes" ->
          Map.of(
              "content", "some content",
              "voice_url", "https://recordings.example.com/4f1c.webm",
              "voice_duration_seconds", 42);
      case "PATCH /api/v1/notes/{id}" -> Map.of("content", "other content", "archived", false);
      case "POST /api/v1/ai/transcribe" ->
          Map.of("audio_url", "http://recordings.test/a.webm", "duration_seconds", 12);
      case "POST /api/v1/ai/chat", "POST /api/v1/ai/chat/stream" ->
          Map.of(
              "message",
              "How do I start?",
              "context",
              Map.of("task_id", account.of(Kind.TASK), "include_tasks", true, "task_limit", 3));
      case "POST /api/v1/ai/generate-subtasks" -> Map.of("task_id", account.of(Kind.TASK));
      case "POST /api/v1/ai/confirm-action" ->
          Map.of(
              "action_type",
              "create_task",
              "action_data",
              Map.of("title", "of the assistant", "priority", "high"));
      case "POST /api/v1/sync" ->
          Map.of(
              "commands",
              List.of(
                  Map.of(
                      "uuid",
                      UUID.randomUUID().toString(),
                      "type",
                      "note.create",
                      "temp_id",
                      "new note",
                      "args",
                      Map.of("content", "of a batch")),
                  Map.of(
                      "uuid",
                      UUID.randomUUID().toString(),
                      "type",
                      "note.delete",
                      "args",
                      Map.of("id", "new note"),
                      "if_version",
                      1)));
      case "POST /api/v1/notifications/push-subscription" -> account.newSubscription();
      case "POST /api/v1/tokens" -> {
        account.forgetTokens();
        yield Map.of("name", "a program", "scopes", List.of("tasks:read"), "expires_in_days", 30);
      }
      case "POST /mcp", "POST /api/v1/mcp" ->
          Map.of(
              "jsonrpc",
              "2.0",
              "id",
              1,
              "method",
              "tools/call",
              "params",
              Map.of("name", "agenda", "arguments", Map.of()));
      case "POST /api/v1/lists/{id}/move" -> Map.of("first", true);
      case "POST /api/v1/tasks/quick" ->
          Map.of("text", "Water \"the plants\" every 3 days at 9am @garden p2 !1h");
      case "POST /api/v1/tasks/{id}/move" ->
          Map.of("list_id", account.of(Kind.LIST), "first", true);
      case "POST /api/v1/calendar-feeds" -> account.newCalendarFeedDraft();
      case "DELETE /api/v1/notifications/push-subscription" ->
          Map.of("endpoint", account.of(Kind.PUSH_ENDPOINT));
      case "POST /api/v1/webhooks/endpoints" -> {
        account.forgetWebhooks();
        yield account.newEndpoint();
      }
      case "PATCH /api/v1/webhooks/endpoints/{id}" ->
          Map.of("events", List.of("task.completed"), "payload", "full");
      default -> operation.exampleBody();
    };
  }

  private Map<String, Object> reminder() {
    return Map.of(
        "type", "absolute", "scheduled_at", account.in(Duration.ofHours(2)), "method", "push");
  }
}

package app.perpetua.flow.bench.load;

import java.util.List;
import java.util.Locale;

/** The measured requests, and the statements that each executes. */
public enum Operation {
  LIST("GET /tasks?limit=25", 200),
  SHOW("GET /tasks/{id}", 200),
  PATCH("PATCH /tasks/{id}", 200),
  CREATE("POST /tasks", 201),
  COMPLETE("PATCH /tasks/{id}, completing", 200);

  private final String title;
  private final int status;

  Operation(String title, int status) {
    this.title = title;
    this.status = status;
  }

  public String title() {
    return title;
  }

  /** The expected status. */
  public int status() {
    return status;
  }

  /** The statements whose results the service waits for, in order. */
  public List<String> awaited() {
    return switch (this) {
      case LIST -> List.of("tasklists.list_newest");
      case SHOW -> List.of("tasks.find_detail");
      case PATCH -> List.of("idempotency.lock_and_find", "tasks.find_task");
      case CREATE -> List.of("idempotency.lock_and_find");
      case COMPLETE ->
          List.of("idempotency.lock_and_find", "tasks.find_task", "achievements.find_stats");
    };
  }

  /** The statements that are sent with the commit, in order. */
  public List<String> deferred() {
    return switch (this) {
      case LIST, SHOW -> List.of();
      case PATCH ->
          List.of("tasks.store_task", "events.append_activity", "idempotency.store_response");
      case CREATE ->
          List.of("tasks.insert_task", "events.append_activity", "idempotency.store_response");
      case COMPLETE ->
          List.of(
              "tasks.count_open_tasks",
              "tasks.store_task",
              "events.append_activity",
              "achievements.store_stats",
              "idempotency.store_response");
    };
  }

  /** Whether pgbench can run it repeatedly; it cannot complete a task twice. */
  public boolean compared() {
    return this != COMPLETE;
  }

  public boolean writes() {
    return !deferred().isEmpty();
  }

  public String fileName() {
    return name().toLowerCase(Locale.ROOT);
  }
}

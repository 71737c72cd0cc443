package app.perpetua.flow.bench;

import java.util.List;
import java.util.Locale;

/** The requests that are measured, and the statements that each executes. */
enum Operation {
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

  /** As people call it. */
  String title() {
    return title;
  }

  /** What the service must answer. */
  int status() {
    return status;
  }

  /** The statements it waits for, one after the other. */
  List<String> asked() {
    return switch (this) {
      case LIST -> List.of("tasks.list_tasks");
      case SHOW -> List.of("tasks.find_detail");
      case PATCH -> List.of("idempotency.lock_and_find", "tasks.find_task");
      case CREATE -> List.of("idempotency.lock_and_find");
      case COMPLETE ->
          List.of("idempotency.lock_and_find", "tasks.find_task", "achievements.find_stats");
    };
  }

  /** The statements that go out with the commit. */
  List<String> left() {
    return switch (this) {
      case LIST, SHOW -> List.of();
      case PATCH ->
          List.of("tasks.store_task", "events.append_activity", "idempotency.store_response");
      case CREATE ->
          List.of("tasks.insert_task", "events.append_activity", "idempotency.store_response");
      case COMPLETE ->
          List.of(
              "tasks.store_task",
              "events.append_activity",
              "achievements.store_stats",
              "idempotency.store_response");
    };
  }

  /**
   * False if pgbench cannot repeat it: a task is completed once, and the data would not be right.
   */
  boolean compared() {
    return this != COMPLETE;
  }

  boolean writes() {
    return !left().isEmpty();
  }

  String fileName() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package app.perpetua.flow.tasks;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of subtasks. */
final class SubtaskRoutes {
  /** Above the limit of every tier. */
  private static final int MAX_LIST = 1_000;

  private final Tasks tasks;
  private final Subtasks subtasks;
  private final Achievements achievements;

  SubtaskRoutes(Tasks tasks, Subtasks subtasks, Achievements achievements) {
    this.tasks = tasks;
    this.subtasks = subtasks;
    this.achievements = achievements;
  }

  /** GET /tasks/{id}/subtasks. */
  Function<Tx, Reply> list(Request request) {
    UUID taskId = request.pathId("id");
    return tx -> Reply.ok(tasks.detail(tx, taskId).subtasks());
  }

  /** GET /subtasks/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(subtasks.get(tx, id));
  }

  /** POST /tasks/{id}/subtasks. */
  Function<Tx, Reply> create(Request request) {
    UUID taskId = request.pathId("id");
    JsonReader body = request.body().required("title").notNull("order_index");
    String title = body.text("title", 1, TaskForm.TITLE);
    Integer index = body.integer("order_index", 0, Integer.MAX_VALUE);
    body.validate();
    return tx -> {
      List<String> titles = List.of(Objects.requireNonNull(title));
      return Reply.created(subtasks.add(tx, taskId, titles, index, Subtask.Source.USER).getFirst());
    };
  }

  /** PATCH and PUT /subtasks/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "title", "completed", "order_index");
    SubtaskPatch patch =
        new SubtaskPatch(
            body.version(),
            body.text("title", 1, TaskForm.TITLE),
            body.bool("completed"),
            body.integer("order_index", 0, Integer.MAX_VALUE));
    body.validate();
    return tx -> {
      Subtasks.Changed changed = subtasks.patch(tx, id, patch);
      Map<String, Object> extras = new LinkedHashMap<>();
      changed
          .completedTask()
          .ifPresent(
              task -> {
                extras.put("task", task);
                extras.put("unlocked_achievements", achievements.unlocked(tx));
              });
      return Reply.data(200, changed.subtask(), extras);
    };
  }

  /** PUT /tasks/{id}/subtasks/reorder. */
  Function<Tx, Reply> reorder(Request request) {
    UUID taskId = request.pathId("id");
    JsonReader body = request.body().required("subtask_ids");
    List<UUID> order = body.uuids("subtask_ids", MAX_LIST);
    body.validate();
    return tx -> Reply.ok(subtasks.reorder(tx, taskId, Objects.requireNonNull(order)));
  }

  /** DELETE /subtasks/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      subtasks.delete(tx, id);
      return Reply.noContent();
    };
  }
}

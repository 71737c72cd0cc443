package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.AssistantServices.Settled;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Subtask;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.Tasks;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Suggests subtasks for a task, at most as many as it has room for (FR-031). */
final class Breakdown implements ModelFeature<UUID, Breakdown.Data, Action.CreateSubtasks> {
  private static final int MAX_OUTPUT_TOKENS = 1_000;
  private static final int MAX_TITLE = 200;

  /**
   * @param room number of subtasks that can be added
   */
  record Data(TaskDetail detail, int room) {}

  private record SuggestedSubtask(String title) {}

  private record Response(
      UUID suggestionId,
      List<SuggestedSubtask> suggestedSubtasks,
      int creditsUsed,
      int creditsRemaining,
      boolean aiRequestWarning) {}

  private final AssistantServices services;
  private final Tasks tasks;
  private final Subtasks subtasks;

  Breakdown(AssistantServices services, Tasks tasks, Subtasks subtasks) {
    this.services = services;
    this.tasks = tasks;
    this.subtasks = subtasks;
  }

  @Override
  public Reserved<Data> reserve(Tx tx, UUID key, Principal principal, UUID taskId) {
    TaskDetail detail = tasks.detail(tx, taskId);
    Task task = detail.task();
    Tasks.checkChangeable(task);
    if (task.completed()) {
      throw Refusal.of(ErrorCode.CONFLICT, "the task is completed");
    }
    subtasks.checkRoom(tx.owner(), task, 1);
    return services
        .charges()
        .reserve(
            tx,
            key,
            principal,
            services.config().subtaskCredits(),
            "Subtasks proposed by the assistant",
            taskId,
            new Data(detail, subtasks.room(tx.owner(), task)));
  }

  @Override
  public Result<Action.CreateSubtasks> call(
      Reserved<Data> reserved, @Nullable Consumer<String> onText, Cancellation cancellation) {
    Task task = reserved.data().detail().task();
    List<String> existing =
        reserved.data().detail().subtasks().stream().map(Subtask::title).toList();
    int room = reserved.data().room();
    Prompt prompt =
        services.prompt(
            reserved.principal().userId(),
            services.prompts().subtasks(),
            Map.of(
                "room",
                room,
                "task",
                Map.of("title", task.title(), "description", task.fields().description()),
                "subtasks",
                existing),
            new Prompt.OutputMode.StructuredOutput(function(room)),
            MAX_OUTPUT_TOKENS);
    return services
        .assistant()
        .structuredOutput(prompt, cancellation)
        .map(output -> subtasks(output, reserved), "there are no new subtasks");
  }

  @Override
  public Optional<Object> settle(
      Tx tx, Reserved<Data> reserved, Result.Success<Action.CreateSubtasks> result) {
    Task task = reserved.data().detail().task();
    List<String> titles = result.value().titles();
    Proposal proposal = Proposal.of(result.value(), task.title());
    Settled settled =
        services.settle(
            tx,
            reserved,
            result,
            List.of(proposal),
            (origin, _) -> new Event.AiSubtasksGenerated(origin, task.id(), titles.size()));
    return Optional.of(
        new Response(
            settled.suggestions().getFirst().id(),
            titles.stream().map(SuggestedSubtask::new).toList(),
            settled.creditsUsed(),
            settled.creditsRemaining(),
            reserved.warning()));
  }

  private static Prompt.Tool function(int room) {
    Schema title = new Schema.StringSchema("one step, in a few words", 1, MAX_TITLE);
    return new Prompt.Tool(
        "subtasks",
        "The subtasks of the task, in order.",
        Toolbox.members(
            "subtasks",
            new Schema.ArraySchema("the steps", Toolbox.members("title", title), 1, room)));
  }

  /** The valid and new ones, as many as the task has room for. */
  private Optional<Action.CreateSubtasks> subtasks(JsonNode output, Reserved<Data> reserved) {
    TaskDetail detail = reserved.data().detail();
    Map<String, Object> data =
        Map.of("task_id", detail.task().id(), "subtasks", output.path("subtasks"));
    try {
      Action action =
          services.reader().read("create_subtasks", services.json().text(data), reserved.now());
      return action instanceof Action.CreateSubtasks create
          ? create.fitting(detail.subtasks(), reserved.data().room())
          : Optional.empty();
    } catch (Refusal refusal) {
      return Optional.empty();
    }
  }
}

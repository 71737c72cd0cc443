package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.AssistantServices.Settled;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.http.Principal;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Subtask;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.Tasks;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Suggests subtasks for a task, at most as many as it has room for (FR-031). */
final class Breakdown implements ModelFeature<UUID, Breakdown.Data, List<String>> {
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
  public Result<List<String>> call(
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
        .map(
            output -> Optional.of(titles(output, existing)).filter(titles -> !titles.isEmpty()),
            "there are no new subtasks");
  }

  @Override
  public Object settle(Tx tx, Reserved<Data> reserved, Result.Success<List<String>> result) {
    Task task = reserved.data().detail().task();
    List<String> titles = result.value();
    Proposal proposal = Proposal.of(new Action.CreateSubtasks(task.id(), titles), task.title());
    Settled settled =
        services.settle(
            tx,
            reserved,
            result,
            List.of(proposal),
            (origin, _) -> new Event.AiSubtasksGenerated(origin, task.id(), titles.size()));
    return new Response(
        settled.suggestions().getFirst().id(),
        titles.stream().map(SuggestedSubtask::new).toList(),
        settled.creditsUsed(),
        settled.creditsRemaining(),
        reserved.warning());
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

  /** Trimmed titles, without empty, repeated and existing ones. */
  private static List<String> titles(JsonNode output, List<String> existing) {
    Set<String> titles = new LinkedHashSet<>();
    for (JsonNode step : output.get("subtasks")) {
      titles.add(step.get("title").stringValue().strip());
    }
    titles.remove("");
    existing.forEach(titles::remove);
    return List.copyOf(titles);
  }
}

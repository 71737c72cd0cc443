package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Charges.Charge;
import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Subtask;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.Tasks;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** Suggests subtasks for a task, at most as many as it has room for (FR-031). Thread-safe. */
public final class Breakdown {
  private static final int MAX_OUTPUT_TOKENS = 1_000;
  private static final int TITLE = 200;

  public record Question(UUID taskId, UUID session, Instant sessionEnds) {}

  /**
   * What the first transaction has read and reserved.
   *
   * @param room number of subtasks that can be added
   * @param warning whether the session approaches the limit of requests about this task
   */
  public record Reserved(UUID userId, Charge charge, TaskDetail task, int room, boolean warning) {}

  public record Suggested(String title) {}

  public record Answer(
      UUID suggestionId,
      List<Suggested> suggestedSubtasks,
      int creditsUsed,
      int creditsRemaining,
      boolean aiRequestWarning) {}

  private final AssistantServices services;
  private final Tasks tasks;
  private final Subtasks subtasks;

  public Breakdown(AssistantServices services, Tasks tasks, Subtasks subtasks) {
    this.services = services;
    this.tasks = tasks;
    this.subtasks = subtasks;
  }

  /**
   * Reads the task and reserves the credits.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT} if the
   *     task is completed, {@code LIMIT_EXCEEDED} if it has no room, {@code INSUFFICIENT_CREDITS},
   *     {@code AI_TASK_LIMIT_REACHED}
   */
  public Reserved reserve(Tx tx, UUID key, Question question) {
    TaskDetail detail = tasks.detail(tx, question.taskId());
    Task task = detail.task();
    Tasks.checkChangeable(task);
    if (task.completed()) {
      throw Refusal.of(ErrorCode.CONFLICT, "the task is completed");
    }
    subtasks.checkRoom(tx.owner(), task, 1);
    Charge charge =
        services
            .charges()
            .reserve(
                tx, key, services.config().subtaskCredits(), "Subtasks proposed by the assistant");
    boolean warning =
        services.charges().count(tx, question.session(), question.sessionEnds(), question.taskId());
    return new Reserved(tx.userId(), charge, detail, subtasks.room(tx.owner(), task), warning);
  }

  /** Calls the model, outside any transaction. */
  public Result<List<String>> call(Reserved reserved, Cancellation cancellation) {
    Task task = reserved.task().task();
    Map<String, Object> data =
        Map.of(
            "room",
            reserved.room(),
            "task",
            Map.of("title", task.title(), "description", task.fields().description()),
            "subtasks",
            reserved.task().subtasks().stream().map(Subtask::title).toList());
    return services
        .structuredOutput(
            reserved.userId(),
            services.prompts().subtasks(),
            data,
            function(reserved.room()),
            MAX_OUTPUT_TOKENS,
            cancellation)
        .map(
            output ->
                Optional.of(titles(output, reserved.task().subtasks()))
                    .filter(titles -> !titles.isEmpty()),
            "there are no new subtasks");
  }

  /**
   * Stores the suggestion and commits the charge, or releases it.
   *
   * @return empty if there is no usable result
   */
  public Optional<Answer> settle(
      Tx tx, Question question, Reserved reserved, Result<List<String>> result) {
    Charge charge = reserved.charge();
    if (!(result instanceof Result.Success<List<String>>(List<String> titles, Run run))) {
      services.charges().release(tx, charge);
      return Optional.empty();
    }
    Proposal proposal =
        new Proposal(
            new Action.CreateSubtasks(question.taskId(), titles),
            "Add " + titles.size() + " subtasks to “" + reserved.task().task().title() + "”");
    List<Suggestion> stored = services.suggestions().store(tx, List.of(proposal));
    Event.Origin origin = charge.origin(question.session(), run);
    services.emit(
        tx,
        new Event.AiSubtasksGenerated(origin, question.taskId(), titles.size()),
        stored,
        origin);
    return Optional.of(
        new Answer(
            stored.getFirst().id(),
            titles.stream().map(Suggested::new).toList(),
            charge.amount(),
            services.charges().commit(tx, charge),
            reserved.warning()));
  }

  private static Prompt.Tool function(int room) {
    Schema title = new Schema.StringSchema("one step, in a few words", 1, TITLE);
    return new Prompt.Tool(
        "subtasks",
        "The subtasks of the task, in order.",
        new Schema.ObjectSchema(
            "",
            Map.of(
                "subtasks",
                new Schema.ArraySchema(
                    "the steps", new Schema.ObjectSchema("", Map.of("title", title)), 1, room))));
  }

  /** Trimmed titles, without empty, repeated and existing ones. */
  private static List<String> titles(JsonNode output, List<Subtask> existing) {
    Set<String> titles = new LinkedHashSet<>();
    for (JsonNode step : output.get("subtasks")) {
      titles.add(step.get("title").stringValue().strip());
    }
    titles.remove("");
    existing.forEach(subtask -> titles.remove(subtask.title()));
    return new ArrayList<>(titles);
  }
}

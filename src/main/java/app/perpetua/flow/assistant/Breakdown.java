package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Charges.Charge;
import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.sql.Actor;
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

/**
 * Breaks a task into subtasks (FR-031): proposed, never more than the task has room for.
 * Thread-safe.
 */
public final class Breakdown {
  private static final int MAX_OUTPUT_TOKENS = 1_000;
  private static final int TITLE = 200;

  /** A task to be broken down. */
  public record Question(UUID taskId, UUID session, Instant sessionEnds) {}

  /**
   * What the first transaction found and took.
   *
   * @param room how many more subtasks the task may have
   * @param warning whether the user asks a lot about this task
   */
  public record Reserved(UUID userId, Charge charge, TaskDetail task, int room, boolean warning) {}

  /** A proposed subtask as the contract shows it. */
  public record Suggested(String title) {}

  /** The answer as the contract shows it. */
  public record Answer(
      UUID suggestionId,
      List<Suggested> suggestedSubtasks,
      int creditsUsed,
      int creditsRemaining,
      boolean aiRequestWarning) {}

  private final AssistantServices kit;
  private final Tasks tasks;
  private final Subtasks subtasks;

  public Breakdown(AssistantServices kit, Tasks tasks, Subtasks subtasks) {
    this.kit = kit;
    this.tasks = tasks;
    this.subtasks = subtasks;
  }

  /**
   * Looks the task up, and takes the credit.
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
        kit.charges()
            .take(tx, key, kit.config().subtaskCredits(), "Subtasks proposed by the assistant");
    boolean warning =
        kit.charges().count(tx, question.session(), question.sessionEnds(), question.taskId());
    return new Reserved(tx.userId(), charge, detail, subtasks.room(tx.owner(), task), warning);
  }

  /** Calls the model, outside of any transaction. */
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
    Prompt prompt =
        new Prompt(
            kit.prompts().subtasks(),
            List.of(Prompts.data(kit.json(), data)),
            new Prompt.OutputMode.StructuredOutput(form(reserved.room())),
            MAX_OUTPUT_TOKENS,
            Prompts.safetyIdentifier(reserved.userId()));
    return switch (kit.assistant().structuredOutput(prompt, cancellation)) {
      case Result.Failed<JsonNode>(Failure failure, Run run) -> new Result.Failed<>(failure, run);
      case Result.Success<JsonNode>(JsonNode form, Run run) -> {
        List<String> titles = titles(form, reserved.task().subtasks());
        yield titles.isEmpty()
            ? new Result.Failed<>(new Failure.WrongShape("there are no new subtasks"), run)
            : new Result.Success<>(titles, run);
      }
    };
  }

  /**
   * Stores the proposal, or gives the credit back.
   *
   * @return empty if nothing usable came
   */
  public Optional<Answer> settle(
      Tx tx, Question question, Reserved reserved, Result<List<String>> result) {
    Charge charge = reserved.charge();
    if (!(result instanceof Result.Success<List<String>>(List<String> titles, Run run))) {
      kit.charges().release(tx, charge);
      return Optional.empty();
    }
    Proposal proposal =
        new Proposal(
            new Action.CreateSubtasks(question.taskId(), titles),
            "Add " + titles.size() + " subtasks to “" + reserved.task().task().title() + "”");
    Suggestion stored = kit.suggestions().propose(tx, List.of(proposal)).getFirst();
    Tx byAi = tx.actingFor(tx.userId(), Actor.Source.AI);
    Event.Origin origin = charge.origin(question.session(), run);
    kit.events()
        .emit(byAi, new Event.AiSubtasksGenerated(origin, question.taskId(), titles.size()));
    kit.events()
        .emit(byAi, new Event.AiSuggested(stored.id(), stored.type(), question.taskId(), origin));
    return Optional.of(
        new Answer(
            stored.id(),
            titles.stream().map(Suggested::new).toList(),
            charge.amount(),
            kit.charges().commit(tx, charge),
            reserved.warning()));
  }

  private static Prompt.Tool form(int room) {
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

  /** Trimmed, without empty ones and repetitions. */
  private static List<String> titles(JsonNode form, List<Subtask> present) {
    Set<String> titles = new LinkedHashSet<>();
    for (JsonNode step : form.get("subtasks")) {
      titles.add(step.get("title").stringValue().strip());
    }
    titles.remove("");
    present.forEach(subtask -> titles.remove(subtask.title()));
    return new ArrayList<>(titles);
  }
}

package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Charges.Charge;
import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.TaskFilter;
import app.perpetua.flow.tasks.Tasks;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A message to the assistant (FR-030): charged first, answered outside of any transaction, and
 * settled with what it proposes. It keeps no conversation: the client sends the context.
 * Thread-safe.
 */
public final class Chat {
  private static final System.Logger LOG = System.getLogger(Chat.class.getName());

  /** What stands in the data of a task that is only one of many. */
  private static final int SHORT_DESCRIPTION = 300;

  private static final int MAX_OUTPUT_TOKENS = 1_500;

  /**
   * A message.
   *
   * @param text 1 to 4000 characters
   * @param withTasks whether the assistant sees the open tasks
   * @param taskLimit how many of them, soonest due first
   * @param taskId the task that it is about; null for none
   * @param session the access token's, and when that ends
   */
  public record Question(
      String text,
      boolean withTasks,
      int taskLimit,
      @Nullable UUID taskId,
      UUID session,
      Instant sessionEnds) {}

  /**
   * What the first transaction found and took.
   *
   * @param warning whether the user asks a lot about this task
   */
  public record Reserved(
      UUID userId,
      Charge charge,
      boolean warning,
      Instant now,
      String timezone,
      Optional<TaskDetail> task,
      List<Task> tasks) {
    Optional<Task> known(@Nullable UUID id) {
      return task.map(TaskDetail::task)
          .filter(named -> named.id().equals(id))
          .or(() -> tasks.stream().filter(listed -> listed.id().equals(id)).findFirst());
    }
  }

  /** What came of asking. */
  public record Said(Result<Assistant.ChatResult> result, List<Proposal> proposals) {}

  /**
   * The answer as the contract shows it.
   *
   * @param truncated true if it broke off in the middle; null, and left out, if not
   */
  public record Answer(
      String response,
      List<Suggestion> suggestedActions,
      int creditsUsed,
      int creditsRemaining,
      boolean aiRequestWarning,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean truncated) {}

  private final AssistantServices kit;
  private final Tasks tasks;
  private final Actions actions;

  public Chat(AssistantServices kit, Tasks tasks, Actions actions) {
    this.kit = kit;
    this.tasks = tasks;
    this.actions = actions;
  }

  /**
   * Looks up what the assistant is to see, and takes the credit.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code
   *     INSUFFICIENT_CREDITS}, {@code AI_TASK_LIMIT_REACHED}
   */
  public Reserved reserve(Tx tx, UUID key, Question question) {
    UUID taskId = question.taskId();
    Optional<TaskDetail> task = Optional.empty();
    if (taskId != null) {
      TaskDetail detail = tasks.detail(tx, taskId);
      Tasks.checkChangeable(detail.task());
      task = Optional.of(detail);
    }
    Charge charge =
        kit.charges().take(tx, key, kit.config().chatCredits(), "A message to the assistant");
    boolean warning =
        taskId != null
            && kit.charges().count(tx, question.session(), question.sessionEnds(), taskId);
    List<Task> open =
        question.withTasks()
            ? tasks.list(tx, soonestOpen(question.taskLimit())).items()
            : List.of();
    return new Reserved(tx.userId(), charge, warning, tx.now(), tx.owner().timezone(), task, open);
  }

  /** Calls the model, outside of any transaction. */
  public Said call(
      Reserved reserved,
      Question question,
      Toolbox.Reader reader,
      @Nullable Consumer<String> words,
      Cancellation cancellation) {
    Toolbox toolbox = new Toolbox(reserved, reader, kit.json());
    Prompt prompt =
        new Prompt(
            kit.prompts().chat(),
            List.of(
                Prompts.data(kit.json(), data(reserved)),
                new Prompt.Item.Message(Prompt.Author.USER, question.text())),
            new Prompt.OutputMode.Chat(Toolbox.TOOLS),
            MAX_OUTPUT_TOKENS,
            Prompts.safetyIdentifier(reserved.userId()));
    Result<Assistant.ChatResult> result =
        kit.assistant()
            .chat(prompt, toolbox::call, words, () -> !toolbox.proposals().isEmpty(), cancellation);
    return new Said(result, toolbox.proposals());
  }

  /**
   * Stores what came: the proposals that could be done now, or nothing and the credit back.
   *
   * @return empty if nothing usable came
   */
  public Optional<Answer> settle(Tx tx, Question question, Reserved reserved, Said said) {
    Charge charge = reserved.charge();
    if (!(said.result()
        instanceof Result.Success<Assistant.ChatResult>(Assistant.ChatResult talk, Run run))) {
      kit.charges().release(tx, charge);
      return Optional.empty();
    }
    List<Suggestion> stored =
        kit.suggestions()
            .propose(tx, said.proposals().stream().filter(it -> stands(tx, it, reserved)).toList());
    Tx byAi = tx.actingFor(tx.userId(), Actor.Source.AI);
    Event.Origin origin = charge.origin(question.session(), run);
    kit.events().emit(byAi, new Event.AiChat(origin, question.taskId(), stored.size()));
    for (Suggestion suggestion : stored) {
      kit.events()
          .emit(
              byAi,
              new Event.AiSuggested(
                  suggestion.id(), suggestion.type(), suggestion.taskId(), origin));
    }
    return Optional.of(
        new Answer(
            talk.text(),
            stored,
            charge.amount(),
            kit.charges().commit(tx, charge),
            reserved.warning(),
            talk.truncated() ? true : null));
  }

  /** What could not be done if it were confirmed at once is not even proposed. */
  private boolean stands(Tx tx, Proposal proposal, Reserved reserved) {
    try {
      actions.check(tx, proposal.action(), reserved.known(proposal.action().taskId()).orElse(null));
      return true;
    } catch (Refusal refusal) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "proposal dropped: {0} {1}",
          proposal.action().type(),
          refusal.code());
      return false;
    }
  }

  private Map<String, Object> data(Reserved reserved) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("now", reserved.now());
    data.put("timezone", reserved.timezone());
    reserved.task().ifPresent(detail -> data.put("this_task", detailed(detail)));
    List<Map<String, Object>> open = new ArrayList<>();
    for (Task task : reserved.tasks()) {
      open.add(brief(task, SHORT_DESCRIPTION));
    }
    data.put("open_tasks", open);
    return data;
  }

  private static Map<String, Object> detailed(TaskDetail detail) {
    Map<String, Object> task = brief(detail.task(), Integer.MAX_VALUE);
    task.put("completed", detail.task().completed());
    task.put(
        "subtasks",
        detail.subtasks().stream()
            .map(subtask -> Map.of("title", subtask.title(), "completed", subtask.completed()))
            .toList());
    return task;
  }

  private static Map<String, Object> brief(Task task, int descriptionLength) {
    Map<String, Object> brief = new LinkedHashMap<>();
    brief.put("id", task.id());
    brief.put("title", task.title());
    String description = task.fields().description();
    int length = description.codePointCount(0, description.length());
    brief.put(
        "description",
        length <= descriptionLength
            ? description
            : description.substring(0, description.offsetByCodePoints(0, descriptionLength)));
    brief.put("priority", task.fields().priority());
    if (task.dueDate() != null) {
      brief.put("due_date", task.dueDate());
    }
    if (task.fields().estimatedDuration() != null) {
      brief.put("estimated_minutes", task.fields().estimatedDuration());
    }
    brief.put("subtask_count", task.subtasks().subtaskCount());
    return brief;
  }

  private static TaskFilter soonestOpen(int limit) {
    return new TaskFilter(
        false,
        null,
        false,
        false,
        TaskFilter.DueRange.ANY,
        null,
        List.of(),
        TaskFilter.Order.SOONEST_DUE,
        new PageRequest(0, limit));
  }
}

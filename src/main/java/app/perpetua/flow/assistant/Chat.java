package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Charges.Charge;
import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
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
 * Answers a message to the assistant (FR-030). Stores no conversation: the client sends the
 * context. Thread-safe.
 */
public final class Chat {
  private static final System.Logger LOG = System.getLogger(Chat.class.getName());

  /** Characters of a description in the list of open tasks. */
  private static final int SHORT_DESCRIPTION = 300;

  private static final int MAX_OUTPUT_TOKENS = 1_500;

  /**
   * A message.
   *
   * @param text 1 to 4000 characters
   * @param withTasks whether the model gets the open tasks
   * @param taskLimit maximum number of them, soonest due first
   * @param taskId the task that the message is about; null for none
   * @param session of the access token
   */
  public record Question(
      String text,
      boolean withTasks,
      int taskLimit,
      @Nullable UUID taskId,
      UUID session,
      Instant sessionEnds) {}

  /**
   * What the first transaction has read and reserved.
   *
   * @param warning whether the session approaches the limit of requests about this task
   */
  public record Reserved(
      UUID userId,
      Charge charge,
      boolean warning,
      Instant now,
      String timezone,
      Optional<TaskDetail> task,
      List<Task> tasks) {
    Optional<Task> find(@Nullable UUID id) {
      return task.map(TaskDetail::task)
          .filter(named -> named.id().equals(id))
          .or(() -> tasks.stream().filter(listed -> listed.id().equals(id)).findFirst());
    }
  }

  /** The model's answer and its tool calls' proposals. */
  public record Output(Result<Assistant.ChatResult> result, List<Proposal> proposals) {}

  /**
   * The response.
   *
   * @param truncated true if the model call failed after its first text; otherwise null and omitted
   */
  public record Answer(
      String response,
      List<Suggestion> suggestedActions,
      int creditsUsed,
      int creditsRemaining,
      boolean aiRequestWarning,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean truncated) {}

  private final AssistantServices services;
  private final Tasks tasks;
  private final Actions actions;

  public Chat(AssistantServices services, Tasks tasks, Actions actions) {
    this.services = services;
    this.tasks = tasks;
    this.actions = actions;
  }

  /**
   * Reads what the model gets and reserves the credits.
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
        services
            .charges()
            .reserve(tx, key, services.config().chatCredits(), "A message to the assistant");
    boolean warning =
        taskId != null
            && services.charges().count(tx, question.session(), question.sessionEnds(), taskId);
    List<Task> open =
        question.withTasks()
            ? tasks.list(tx, soonestOpen(question.taskLimit())).items()
            : List.of();
    return new Reserved(tx.userId(), charge, warning, tx.now(), tx.owner().timezone(), task, open);
  }

  /** Calls the model, outside any transaction. */
  public Output call(
      Reserved reserved,
      Question question,
      Toolbox.Reader reader,
      @Nullable Consumer<String> onText,
      Cancellation cancellation) {
    Toolbox toolbox = new Toolbox(reserved, reader, services.json());
    Prompt prompt =
        new Prompt(
            services.prompts().chat(),
            List.of(
                Prompts.data(services.json(), data(reserved)),
                new Prompt.Item.Message(Prompt.Author.USER, question.text())),
            new Prompt.OutputMode.Chat(Toolbox.TOOLS),
            MAX_OUTPUT_TOKENS,
            Prompts.safetyIdentifier(reserved.userId()));
    Result<Assistant.ChatResult> result =
        services
            .assistant()
            .chat(
                prompt, toolbox::call, onText, () -> !toolbox.proposals().isEmpty(), cancellation);
    return new Output(result, toolbox.proposals());
  }

  /**
   * Stores the suggestions and commits the charge, or releases it.
   *
   * @return empty if there is no usable result
   */
  public Optional<Answer> settle(Tx tx, Question question, Reserved reserved, Output output) {
    Charge charge = reserved.charge();
    if (!(output.result()
        instanceof Result.Success<Assistant.ChatResult>(Assistant.ChatResult chat, Run run))) {
      services.charges().release(tx, charge);
      return Optional.empty();
    }
    List<Suggestion> stored =
        services
            .suggestions()
            .store(
                tx,
                output.proposals().stream()
                    .filter(proposal -> isPossible(tx, proposal, reserved))
                    .toList());
    Event.Origin origin = charge.origin(question.session(), run);
    services.emit(tx, new Event.AiChat(origin, question.taskId(), stored.size()), stored, origin);
    return Optional.of(
        new Answer(
            chat.text(),
            stored,
            charge.amount(),
            services.charges().commit(tx, charge),
            reserved.warning(),
            chat.truncated() ? true : null));
  }

  /** False for a proposal that would be refused if it were confirmed now. */
  private boolean isPossible(Tx tx, Proposal proposal, Reserved reserved) {
    try {
      actions.check(tx, proposal.action(), reserved.find(proposal.action().taskId()).orElse(null));
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

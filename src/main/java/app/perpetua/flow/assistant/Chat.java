package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Assistant.ChatResult;
import app.perpetua.flow.assistant.AssistantServices.Settled;
import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.TaskFilter;
import app.perpetua.flow.tasks.Tasks;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Answers a message to the assistant (FR-030). Stores no conversation: the client sends the
 * context.
 */
final class Chat implements ModelFeature<Chat.Question, Chat.Context, ChatResult> {
  private static final System.Logger LOG = System.getLogger(Chat.class.getName());

  /** Characters of a description in the list of open tasks. */
  private static final int SHORT_DESCRIPTION = 300;

  private static final int MAX_OUTPUT_TOKENS = 1_500;

  /**
   * @param withTasks whether the model gets the open tasks
   * @param taskLimit maximum number of them, soonest due first
   * @param taskId the task that the message is about; null for none
   */
  record Question(String text, boolean withTasks, int taskLimit, @Nullable UUID taskId) {}

  /** The question and the tasks that the model gets. */
  record Context(Question question, Optional<TaskDetail> task, List<Task> openTasks) {
    Optional<Task> find(@Nullable UUID id) {
      return Stream.concat(task.map(TaskDetail::task).stream(), openTasks.stream())
          .filter(known -> known.id().equals(id))
          .findFirst();
    }
  }

  /**
   * @param truncated true if the model call failed after its first text; otherwise null and omitted
   */
  private record Response(
      String response,
      List<Suggestion> suggestedActions,
      int creditsUsed,
      int creditsRemaining,
      boolean aiRequestWarning,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean truncated) {}

  private final AssistantServices services;
  private final Tasks tasks;
  private final Actions actions;

  Chat(AssistantServices services, Tasks tasks, Actions actions) {
    this.services = services;
    this.tasks = tasks;
    this.actions = actions;
  }

  @Override
  public Reserved<Context> reserve(Tx tx, UUID key, Principal principal, Question question) {
    Optional<TaskDetail> task =
        Optional.ofNullable(question.taskId()).map(taskId -> tasks.detail(tx, taskId));
    task.map(TaskDetail::task).ifPresent(Tasks::checkChangeable);
    List<Task> openTasks =
        question.withTasks()
            ? tasks.list(tx, soonestOpen(question.taskLimit())).items()
            : List.of();
    return services
        .charges()
        .reserve(
            tx,
            key,
            principal,
            services.config().chatCredits(),
            "A message to the assistant",
            question.taskId(),
            new Context(question, task, openTasks));
  }

  @Override
  public Result<ChatResult> call(
      Reserved<Context> reserved, @Nullable Consumer<String> onText, Cancellation cancellation) {
    Prompt prompt =
        services
            .prompt(
                reserved.principal().userId(),
                services.prompts().chat(),
                data(reserved),
                new Prompt.OutputMode.Chat(Toolbox.TOOLS),
                MAX_OUTPUT_TOKENS)
            .with(
                List.of(
                    new Prompt.Item.Message(
                        Prompt.Author.USER, reserved.data().question().text())));
    Toolbox toolbox =
        new Toolbox(reserved, services.reader(), services.dueWords(), services.json());
    return services.assistant().chat(prompt, toolbox, onText, cancellation);
  }

  @Override
  public Optional<Object> settle(
      Tx tx, Reserved<Context> reserved, Result.Success<ChatResult> result) {
    ChatResult chat = result.value();
    Context context = reserved.data();
    List<Proposal> proposals =
        chat.proposals().stream()
            .flatMap(proposal -> permitted(tx, proposal, context).stream())
            .toList();
    if (chat.text().isBlank() && proposals.isEmpty()) {
      return Optional.empty();
    }
    Settled settled =
        services.settle(
            tx,
            reserved,
            result,
            proposals,
            (origin, suggestions) ->
                new Event.AiChat(origin, context.question().taskId(), suggestions.size()));
    return Optional.of(
        new Response(
            chat.text(),
            settled.suggestions(),
            settled.creditsUsed(),
            settled.creditsRemaining(),
            reserved.warning(),
            chat.truncated() ? true : null));
  }

  /** What is left of a proposal that the user could confirm now; empty if nothing. */
  private Optional<Proposal> permitted(Tx tx, Proposal proposal, Context context) {
    Action action = proposal.action();
    try {
      String title = context.find(action.taskId()).map(Task::title).orElse("");
      return actions.permitted(tx, action).map(permitted -> Proposal.of(permitted, title));
    } catch (Refusal refusal) {
      LOG.log(
          System.Logger.Level.DEBUG, "proposal dropped: {0} {1}", action.type(), refusal.code());
      return Optional.empty();
    }
  }

  private Map<String, Object> data(Reserved<Context> reserved) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("now", reserved.now());
    data.put("timezone", reserved.timezone());
    reserved.data().task().ifPresent(detail -> data.put("this_task", detailed(detail)));
    data.put(
        "open_tasks",
        reserved.data().openTasks().stream().map(task -> brief(task, SHORT_DESCRIPTION)).toList());
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
    if (task.fields().dueOn() != null) {
      brief.put("due_on", task.fields().dueOn());
    } else if (task.dueDate() != null) {
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
        TaskFilter.Place.ANY,
        List.of(),
        TaskFilter.Order.SOONEST_DUE,
        new PageRequest.ByOffset(0, limit));
  }
}

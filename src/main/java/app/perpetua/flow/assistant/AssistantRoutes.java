package app.perpetua.flow.assistant;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.TwoPhaseRequest;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Requests to the assistant, and confirmations of its suggestions. */
final class AssistantRoutes {
  private static final int MAX_MESSAGE = 4_000;
  private static final int DEFAULT_TASKS = 20;
  private static final int MAX_TASKS = 50;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

  record ModelFeatures(
      Charges charges, Chat chat, Breakdown breakdown, NoteConversion conversion) {}

  private final Optional<ModelFeatures> modelFeatures;
  private final ActionForm form;
  private final Suggestions suggestions;
  private final Actions actions;
  private final Achievements achievements;
  private final Events events;

  AssistantRoutes(
      Optional<ModelFeatures> modelFeatures,
      ActionForm form,
      Suggestions suggestions,
      Actions actions,
      Achievements achievements,
      Events events) {
    this.modelFeatures = modelFeatures;
    this.form = form;
    this.suggestions = suggestions;
    this.actions = actions;
    this.achievements = achievements;
    this.events = events;
  }

  /** POST /ai/chat and /ai/chat/stream. */
  TwoPhaseRequest<?, ?> chat(Request request) {
    JsonReader body = request.body().required("message").notNull("context");
    String message = body.text("message", 1, MAX_MESSAGE);
    JsonReader context = body.object("context");
    Boolean withTasks = null;
    Integer limit = null;
    UUID taskId = null;
    if (context != null) {
      context.notNull("include_tasks", "task_limit", "task_id");
      withTasks = context.bool("include_tasks");
      limit = context.integer("task_limit", 1, MAX_TASKS);
      taskId = context.uuid("task_id");
    }
    UUID headerTaskId = request.headerId("X-Task-Id");
    if (headerTaskId != null && taskId != null && !headerTaskId.equals(taskId)) {
      body.addError("X-Task-Id", "must be equal to context.task_id");
    }
    body.validate();
    return modelCall(
        request,
        ModelFeatures::chat,
        new Chat.Question(
            Objects.requireNonNull(message),
            withTasks == null || withTasks,
            limit == null ? DEFAULT_TASKS : limit,
            taskId == null ? headerTaskId : taskId));
  }

  /** POST /ai/generate-subtasks. */
  TwoPhaseRequest<?, ?> subtasks(Request request) {
    JsonReader body = request.body().required("task_id");
    UUID taskId = body.uuid("task_id");
    body.validate();
    return modelCall(request, ModelFeatures::breakdown, Objects.requireNonNull(taskId));
  }

  /** POST /notes/{id}/convert. */
  TwoPhaseRequest<?, ?> convert(Request request) {
    UUID noteId = request.pathId("id");
    request.body().validate();
    return modelCall(request, ModelFeatures::conversion, noteId);
  }

  private <I, D, T> TwoPhaseRequest<Reserved<D>, Result<T>> modelCall(
      Request request, Function<ModelFeatures, ModelFeature<I, D, T>> selector, I input) {
    ModelFeatures features =
        modelFeatures.orElseThrow(
            () ->
                Refusal.of(ErrorCode.AI_SERVICE_UNAVAILABLE, "the assistant is not configured")
                    .retryAfter(Duration.ofMinutes(1)));
    ModelFeature<I, D, T> feature = selector.apply(features);
    Principal principal = request.principal();
    return new TwoPhaseRequest<>(
        (tx, key) -> feature.reserve(tx, key, principal, input),
        feature::call,
        (tx, reserved, result) ->
            switch (result) {
              case Result.Success<T> success ->
                  feature
                      .settle(tx, reserved, success)
                      .map(Reply::ok)
                      .orElseGet(() -> refunded(tx, features.charges(), reserved, RETRY_AFTER));
              case Result.Failed<T>(Failure.Paused(Duration retryAfter)) ->
                  refunded(tx, features.charges(), reserved, retryAfter);
              case Result.Failed<T> _ -> refunded(tx, features.charges(), reserved, RETRY_AFTER);
            });
  }

  private static Reply refunded(Tx tx, Charges charges, Reserved<?> reserved, Duration retryAfter) {
    charges.release(tx, reserved);
    return Reply.refused(
        Refusal.of(
                ErrorCode.AI_SERVICE_UNAVAILABLE,
                "the assistant could not answer; the credit was refunded")
            .retryAfter(retryAfter));
  }

  /** POST /ai/confirm-action: a suggestion by its id, or an action that the client sends. */
  Function<Tx, Reply> confirm(Request request) {
    JsonReader body = request.body().notNull("suggestion_id", "action_type", "action_data");
    UUID suggestionId = body.uuid("suggestion_id");
    String type = body.oneOf("action_type", ActionForm.TYPES);
    JsonReader data = body.object("action_data");
    Action action = null;
    if (body.has("suggestion_id") == body.has("action_type")) {
      body.addError("suggestion_id", "must be present if and only if action_type is absent");
    } else if (body.has("suggestion_id")) {
      if (data != null) {
        body.addError("action_data", "must not be sent with suggestion_id");
      }
    } else if (data == null) {
      body.required("action_data");
    } else if (type != null) {
      action = form.read(type, data, request.now());
    }
    body.validate();
    if (suggestionId == null) {
      Action sent = Objects.requireNonNull(action);
      return tx -> {
        body.checkTime();
        return confirmed(tx, new ActionForm.Stored(sent, false), null);
      };
    }
    return tx -> {
      Suggestions.Confirmed suggestion = suggestions.confirm(tx, suggestionId);
      return confirmed(
          tx,
          form.readStored(
              suggestion.type(), suggestion.data(), tx.now(), ZoneId.of(tx.owner().timezone())),
          suggestionId);
    };
  }

  private Reply confirmed(Tx tx, ActionForm.Stored stored, @Nullable UUID suggestionId) {
    Action action = stored.action();
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("action_type", action.type());
    data.put("due_date_dropped", stored.dueDateDropped());
    data.putAll(actions.run(tx, action, suggestionId != null));
    if (suggestionId != null) {
      events.emit(
          tx, new Event.AiSuggestionConfirmed(suggestionId, action.type(), action.taskId()));
    }
    return Reply.data(200, data, Map.of("unlocked_achievements", achievements.unlocked(tx)));
  }
}

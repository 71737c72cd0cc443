package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.AssistantServices.Settled;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.notes.Note;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.Tasks;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Suggests a task for a note (FR-032), without creating it. */
final class NoteConversion implements ModelFeature<UUID, NoteConversion.Data, TaskDraft> {
  private static final int MAX_OUTPUT_TOKENS = 1_500;

  /**
   * @param maxDescription of the task, in characters
   */
  record Data(Note note, int maxDescription) {}

  private record SuggestedTask(
      String title, String description, Priority priority, @Nullable Instant dueDate) {}

  private record Response(
      UUID suggestionId, SuggestedTask suggestedTask, int creditsUsed, int creditsRemaining) {}

  private final AssistantServices services;
  private final Tasks tasks;
  private final Notes notes;

  NoteConversion(AssistantServices services, Tasks tasks, Notes notes) {
    this.services = services;
    this.tasks = tasks;
    this.notes = notes;
  }

  @Override
  public Reserved<Data> reserve(Tx tx, UUID key, Principal principal, UUID noteId) {
    Note note = notes.convertible(tx, noteId);
    return services
        .charges()
        .reserve(
            tx,
            key,
            principal,
            services.config().conversionCredits(),
            "A task proposed for a note",
            null,
            new Data(note, tasks.maxDescription(tx.owner())));
  }

  @Override
  public Result<TaskDraft> call(
      Reserved<Data> reserved, @Nullable Consumer<String> onText, Cancellation cancellation) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("now", reserved.now());
    data.put("timezone", reserved.timezone());
    data.put("note", reserved.data().note().content());
    Prompt prompt =
        services.prompt(
            reserved.principal().userId(),
            services.prompts().note(),
            data,
            new Prompt.OutputMode.StructuredOutput(function(reserved.data().maxDescription())),
            MAX_OUTPUT_TOKENS);
    return services
        .assistant()
        .structuredOutput(prompt, cancellation)
        .map(output -> draft(output, reserved), "the fields are not a valid task");
  }

  @Override
  public Optional<Object> settle(Tx tx, Reserved<Data> reserved, Result.Success<TaskDraft> result) {
    UUID noteId = reserved.data().note().id();
    TaskDraft draft = result.value();
    Proposal proposal = Proposal.of(new Action.ConvertNote(noteId, draft), "");
    Settled settled =
        services.settle(
            tx,
            reserved,
            result,
            List.of(proposal),
            (origin, suggestions) ->
                new Event.AiNoteConversionSuggested(origin, noteId, suggestions.getFirst().id()));
    return Optional.of(
        new Response(
            settled.suggestions().getFirst().id(),
            new SuggestedTask(
                draft.title(), draft.description(), draft.priority(), draft.dueDate()),
            settled.creditsUsed(),
            settled.creditsRemaining()));
  }

  /** Drops the due date if it alone is invalid. */
  private Optional<TaskDraft> draft(JsonNode output, Reserved<Data> reserved) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("note_id", reserved.data().note().id());
    data.put("title", output.get("title").stringValue());
    data.put("description", output.get("description").stringValue());
    data.put("priority", output.get("priority").stringValue());
    if (output.get("due_date").isString()) {
      data.put("due_date", output.get("due_date").stringValue());
    }
    Optional<TaskDraft> draft = read(data, reserved.now());
    data.remove("due_date");
    return draft.or(() -> read(data, reserved.now()));
  }

  private Optional<TaskDraft> read(Map<String, Object> data, Instant now) {
    try {
      Action action = services.reader().read("convert_note", services.json().text(data), now);
      return action instanceof Action.ConvertNote convert
          ? Optional.of(convert.draft())
          : Optional.empty();
    } catch (Refusal refusal) {
      return Optional.empty();
    }
  }

  private static Prompt.Tool function(int maxDescription) {
    return new Prompt.Tool(
        "task",
        "The task that the note becomes.",
        Toolbox.members(
            "title",
            Toolbox.TITLE,
            "description",
            new Schema.StringSchema("details; empty if none", 0, maxDescription),
            "priority",
            Toolbox.PRIORITY,
            "due_date",
            new Schema.NullableSchema(
                new Schema.StringSchema("when it is due, an instant in UTC, or null", 1, 40))));
  }
}

package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Charges.Charge;
import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.events.Event;
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
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Suggests a task for a note (FR-032), without creating it. Thread-safe. */
public final class NoteConversion {
  private static final int MAX_OUTPUT_TOKENS = 1_500;
  private static final int TITLE = 200;

  public record Question(UUID noteId, UUID session) {}

  /**
   * What the first transaction has read and reserved.
   *
   * @param maxDescription of the task, in characters
   */
  public record Reserved(
      UUID userId, Charge charge, Note note, int maxDescription, Instant now, String timezone) {}

  public record SuggestedTask(
      String title, String description, Priority priority, @Nullable Instant dueDate) {}

  public record Answer(
      UUID suggestionId, SuggestedTask suggestedTask, int creditsUsed, int creditsRemaining) {}

  private final AssistantServices services;
  private final Tasks tasks;
  private final Notes notes;

  public NoteConversion(AssistantServices services, Tasks tasks, Notes notes) {
    this.services = services;
    this.tasks = tasks;
    this.notes = notes;
  }

  /**
   * @throws Refusal {@code ARCHIVED}, {@code CONFLICT} if the note has no text
   */
  static void checkConvertible(Note note) {
    if (note.archived()) {
      throw Refusal.of(ErrorCode.ARCHIVED, "the note is archived, or has been converted");
    }
    if (note.content().isBlank()) {
      throw Refusal.of(ErrorCode.CONFLICT, "the note has no text yet");
    }
  }

  /**
   * Reads the note and reserves the credits.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT},
   *     {@code INSUFFICIENT_CREDITS}
   */
  public Reserved reserve(Tx tx, UUID key, Question question) {
    Note note = notes.get(tx, question.noteId());
    checkConvertible(note);
    Charge charge =
        services
            .charges()
            .reserve(tx, key, services.config().conversionCredits(), "A task proposed for a note");
    return new Reserved(
        tx.userId(),
        charge,
        note,
        tasks.maxDescription(tx.owner()),
        tx.now(),
        tx.owner().timezone());
  }

  /** Calls the model, outside any transaction. */
  public Result<TaskDraft> call(
      Reserved reserved, Toolbox.Reader reader, Cancellation cancellation) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("now", reserved.now());
    data.put("timezone", reserved.timezone());
    data.put("note", reserved.note().content());
    return services
        .structuredOutput(
            reserved.userId(),
            services.prompts().note(),
            data,
            function(reserved.maxDescription()),
            MAX_OUTPUT_TOKENS,
            cancellation)
        .map(output -> draft(output, reserved, reader), "the fields are not a valid task");
  }

  /**
   * Stores the suggestion and commits the charge, or releases it.
   *
   * @return empty if there is no usable result
   */
  public Optional<Answer> settle(
      Tx tx, Question question, Reserved reserved, Result<TaskDraft> result) {
    Charge charge = reserved.charge();
    if (!(result instanceof Result.Success<TaskDraft>(TaskDraft draft, Run run))) {
      services.charges().release(tx, charge);
      return Optional.empty();
    }
    Proposal proposal =
        new Proposal(
            new Action.ConvertNote(question.noteId(), draft),
            "Make the task “" + draft.title() + "” of the note");
    List<Suggestion> stored = services.suggestions().store(tx, List.of(proposal));
    UUID suggestionId = stored.getFirst().id();
    Event.Origin origin = charge.origin(question.session(), run);
    services.emit(
        tx,
        new Event.AiNoteConversionSuggested(origin, question.noteId(), suggestionId),
        stored,
        origin);
    return Optional.of(
        new Answer(
            suggestionId,
            new SuggestedTask(
                draft.title(), draft.description(), draft.priority(), draft.dueDate()),
            charge.amount(),
            services.charges().commit(tx, charge)));
  }

  /** Drops the due date if it alone is invalid. */
  private Optional<TaskDraft> draft(JsonNode output, Reserved reserved, Toolbox.Reader reader) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("note_id", reserved.note().id());
    data.put("title", output.get("title").stringValue());
    data.put("description", output.get("description").stringValue());
    data.put("priority", output.get("priority").stringValue());
    if (output.get("due_date").isString()) {
      data.put("due_date", output.get("due_date").stringValue());
    }
    Optional<TaskDraft> draft = read(data, reserved, reader);
    data.remove("due_date");
    return draft.or(() -> read(data, reserved, reader));
  }

  private Optional<TaskDraft> read(
      Map<String, Object> data, Reserved reserved, Toolbox.Reader reader) {
    try {
      Action action = reader.read("convert_note", services.json().text(data), reserved.now());
      return action instanceof Action.ConvertNote convert
          ? Optional.of(convert.draft())
          : Optional.empty();
    } catch (Refusal refusal) {
      return Optional.empty();
    }
  }

  private static Prompt.Tool function(int maxDescription) {
    Map<String, Schema> members = new LinkedHashMap<>();
    members.put("title", new Schema.StringSchema("what is to be done", 1, TITLE));
    members.put(
        "description", new Schema.StringSchema("details; empty if none", 0, maxDescription));
    members.put(
        "priority",
        new Schema.EnumSchema("how important it is", List.of(WireName.all(Priority.class))));
    members.put(
        "due_date",
        new Schema.NullableSchema(
            new Schema.StringSchema("when it is due, an instant in UTC, or null", 1, 40)));
    return new Prompt.Tool(
        "task", "The task that the note becomes.", new Schema.ObjectSchema("", members));
  }
}

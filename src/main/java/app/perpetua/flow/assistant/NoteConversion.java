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
import app.perpetua.flow.sql.Actor;
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

/** Proposes the task that a note may become (FR-032); nothing is made of it yet. Thread-safe. */
public final class NoteConversion {
  private static final int MAX_OUTPUT_TOKENS = 1_500;
  private static final int TITLE = 200;

  /** A note to be converted; no task has to be counted, as the note has none yet. */
  public record Question(UUID noteId, UUID session) {}

  /**
   * What the first transaction found and took.
   *
   * @param maxDescription how long the task's description may be
   */
  public record Reserved(
      UUID userId, Charge charge, Note note, int maxDescription, Instant now, String timezone) {}

  /** The proposed task as the contract shows it. */
  public record SuggestedTask(
      String title, String description, Priority priority, @Nullable Instant dueDate) {}

  /** The answer as the contract shows it. */
  public record Answer(
      UUID suggestionId, SuggestedTask suggestedTask, int creditsUsed, int creditsRemaining) {}

  private final AssistantServices kit;
  private final Tasks tasks;
  private final Notes notes;

  public NoteConversion(AssistantServices kit, Tasks tasks, Notes notes) {
    this.kit = kit;
    this.tasks = tasks;
    this.notes = notes;
  }

  /**
   * What only a note with a text, and out of the archive, can become.
   *
   * @throws Refusal {@code ARCHIVED}, {@code CONFLICT} if it has no text yet
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
   * Looks the note up, and takes the credit.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT},
   *     {@code INSUFFICIENT_CREDITS}
   */
  public Reserved reserve(Tx tx, UUID key, Question question) {
    Note note = notes.get(tx, question.noteId());
    checkConvertible(note);
    Charge charge =
        kit.charges().take(tx, key, kit.config().conversionCredits(), "A task proposed for a note");
    return new Reserved(
        tx.userId(),
        charge,
        note,
        tasks.maxDescription(tx.owner()),
        tx.now(),
        tx.owner().timezone());
  }

  /** Calls the model, outside of any transaction. */
  public Result<TaskDraft> call(
      Reserved reserved, Toolbox.Reader reader, Cancellation cancellation) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("now", reserved.now());
    data.put("timezone", reserved.timezone());
    data.put("note", reserved.note().content());
    Prompt prompt =
        new Prompt(
            kit.prompts().note(),
            List.of(Prompts.data(kit.json(), data)),
            new Prompt.OutputMode.StructuredOutput(form(reserved.maxDescription())),
            MAX_OUTPUT_TOKENS,
            Prompts.safetyIdentifier(reserved.userId()));
    return switch (kit.assistant().structuredOutput(prompt, cancellation)) {
      case Result.Failed<JsonNode>(Failure failure, Run run) -> new Result.Failed<>(failure, run);
      case Result.Success<JsonNode>(JsonNode form, Run run) ->
          draft(form, reserved, reader)
              .<Result<TaskDraft>>map(draft -> new Result.Success<>(draft, run))
              .orElseGet(
                  () ->
                      new Result.Failed<>(new Failure.WrongShape("the fields make no task"), run));
    };
  }

  /**
   * Stores the proposal, or gives the credit back.
   *
   * @return empty if nothing usable came
   */
  public Optional<Answer> settle(
      Tx tx, Question question, Reserved reserved, Result<TaskDraft> result) {
    Charge charge = reserved.charge();
    if (!(result instanceof Result.Success<TaskDraft>(TaskDraft draft, Run run))) {
      kit.charges().release(tx, charge);
      return Optional.empty();
    }
    Proposal proposal =
        new Proposal(
            new Action.ConvertNote(question.noteId(), draft),
            "Make the task “" + draft.title() + "” of the note");
    Suggestion stored = kit.suggestions().propose(tx, List.of(proposal)).getFirst();
    Tx byAi = tx.actingFor(tx.userId(), Actor.Source.AI);
    Event.Origin origin = charge.origin(question.session(), run);
    kit.events()
        .emit(byAi, new Event.AiNoteConversionSuggested(origin, question.noteId(), stored.id()));
    kit.events().emit(byAi, new Event.AiSuggested(stored.id(), stored.type(), null, origin));
    return Optional.of(
        new Answer(
            stored.id(),
            new SuggestedTask(
                draft.title(), draft.description(), draft.priority(), draft.dueDate()),
            charge.amount(),
            kit.charges().commit(tx, charge)));
  }

  /** A due date that cannot be set is worth less than the rest: it goes. */
  private Optional<TaskDraft> draft(JsonNode form, Reserved reserved, Toolbox.Reader reader) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("note_id", reserved.note().id());
    data.put("title", form.get("title").stringValue());
    data.put("description", form.get("description").stringValue());
    data.put("priority", form.get("priority").stringValue());
    if (form.get("due_date").isString()) {
      data.put("due_date", form.get("due_date").stringValue());
    }
    Optional<TaskDraft> draft = read(data, reserved, reader);
    data.remove("due_date");
    return draft.or(() -> read(data, reserved, reader));
  }

  private Optional<TaskDraft> read(
      Map<String, Object> data, Reserved reserved, Toolbox.Reader reader) {
    try {
      Action action = reader.read("convert_note", kit.json().text(data), reserved.now());
      return action instanceof Action.ConvertNote convert
          ? Optional.of(convert.draft())
          : Optional.empty();
    } catch (Refusal refusal) {
      return Optional.empty();
    }
  }

  private static Prompt.Tool form(int maxDescription) {
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

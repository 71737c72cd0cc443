package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** What all kinds of requests to the assistant share. */
public record AssistantServices(
    Assistant assistant,
    AssistantConfig config,
    Prompts prompts,
    Charges charges,
    Suggestions suggestions,
    Events events,
    Json json) {
  /**
   * Requests structured output about a user's data, outside any transaction.
   *
   * @param function its parameters are the schema of the output
   */
  Result<JsonNode> structuredOutput(
      UUID userId,
      String instructions,
      Map<String, Object> data,
      Prompt.Tool function,
      int maxOutputTokens,
      Cancellation cancellation) {
    Prompt prompt =
        new Prompt(
            instructions,
            List.of(Prompts.data(json, data)),
            new Prompt.OutputMode.StructuredOutput(function),
            maxOutputTokens,
            Prompts.safetyIdentifier(userId));
    return assistant.structuredOutput(prompt, cancellation);
  }

  /** Emits a run's own event and one for each suggestion, with the assistant as their source. */
  void emit(Tx tx, Event run, List<Suggestion> suggestions, Event.Origin origin) {
    Tx byAi = tx.actingFor(tx.userId(), Actor.Source.AI);
    events.emit(byAi, run);
    for (Suggestion suggestion : suggestions) {
      events.emit(
          byAi,
          new Event.AiSuggested(suggestion.id(), suggestion.type(), suggestion.taskId(), origin));
    }
  }
}

package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Suggestions.Suggestion;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiFunction;

/** The services that all kinds of requests to the assistant share. */
record AssistantServices(
    Assistant assistant,
    AssistantConfig config,
    Prompts prompts,
    Charges charges,
    Suggestions suggestions,
    Toolbox.Reader reader,
    DueWords dueWords,
    Events events,
    Json json) {
  record Settled(List<Suggestion> suggestions, int creditsUsed, int creditsRemaining) {}

  Prompt prompt(
      UUID userId,
      String instructions,
      Map<String, Object> data,
      Prompt.OutputMode outputMode,
      int maxOutputTokens) {
    return new Prompt(
        instructions,
        List.of(Prompts.data(json, data)),
        outputMode,
        maxOutputTokens,
        Prompts.safetyIdentifier(userId));
  }

  /**
   * Stores the proposals, emits the events of the run with the assistant as their source, and
   * commits the charge.
   *
   * @param runEvent creates the run's own event
   */
  Settled settle(
      Tx tx,
      Reserved<?> reserved,
      Result.Success<?> result,
      List<Proposal> proposals,
      BiFunction<Event.Origin, List<Suggestion>, Event> runEvent) {
    List<Suggestion> stored = suggestions.store(tx, proposals);
    Event.Origin origin =
        new Event.Origin(
            reserved.runId(),
            reserved.principal().tokenId(),
            result.model(),
            result.usage().input(),
            result.usage().output(),
            reserved.credits());
    Tx byAi = tx.actingFor(tx.userId(), Actor.Source.AI);
    events.emit(byAi, runEvent.apply(origin, stored));
    for (Suggestion suggestion : stored) {
      events.emit(
          byAi,
          new Event.AiSuggested(suggestion.id(), suggestion.type(), suggestion.taskId(), origin));
    }
    return new Settled(stored, reserved.credits(), charges.commit(tx, reserved));
  }
}

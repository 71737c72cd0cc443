package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Events;

/**
 * What every kind of request to the assistant needs.
 *
 * @param assistant asks the model
 * @param config what it costs
 * @param prompts what the model is told
 * @param charges takes credits and gives them back
 * @param suggestions keeps what is proposed
 * @param events tells of it
 * @param json how data reaches the model
 */
public record AssistantServices(
    Assistant assistant,
    AssistantConfig config,
    Prompts prompts,
    Charges charges,
    Suggestions suggestions,
    Events events,
    Json json) {}

package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Model.Usage;
import java.time.Duration;

/**
 * Figures about one run of the assistant, without any text of the user or the model.
 *
 * @param turns number of model calls
 * @param usage of all turns
 * @param model as the provider reports it; empty if no call succeeded
 * @param outcome {@code answered}, {@code truncated} or {@link Failure#label}
 */
public record Run(
    int turns, int toolCalls, Usage usage, String model, Duration latency, String outcome) {}

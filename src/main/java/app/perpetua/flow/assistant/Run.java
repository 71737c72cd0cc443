package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Model.Usage;
import java.time.Duration;

/**
 * The trace of one run of the assistant: figures and words of ours, nothing that anybody wrote.
 *
 * @param turns how often the model was asked
 * @param toolCalls how many tools it called
 * @param usage tokens, of all turns
 * @param model who answered; empty if nobody did
 * @param latency from the first question to the end
 * @param outcome {@code answered}, {@code truncated}, or a failure's word
 */
public record Run(
    int turns, int toolCalls, Usage usage, String model, Duration latency, String outcome) {}

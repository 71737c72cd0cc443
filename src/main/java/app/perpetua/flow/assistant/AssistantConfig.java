package app.perpetua.flow.assistant;

import java.time.Duration;

/**
 * Prices and limits of the assistant.
 *
 * @param chatCredits price of a message (FR-030)
 * @param subtaskCredits price of subtasks for a task, whatever their number (FR-031)
 * @param conversionCredits price of a task for a note (FR-032)
 * @param warnAt number of requests about one task in a session at which warnings begin (FR-035)
 * @param perTask maximum number of requests about one task in a session
 * @param timeout for all model calls of one request
 */
public record AssistantConfig(
    int chatCredits,
    int subtaskCredits,
    int conversionCredits,
    int warnAt,
    int perTask,
    Duration timeout) {}

package app.perpetua.flow.assistant;

import java.time.Duration;

/**
 * What the assistant costs and how often it may be asked.
 *
 * @param chatCredits for a message (FR-030)
 * @param subtaskCredits for a generation, however many come (FR-031)
 * @param conversionCredits for a note (FR-032)
 * @param warnAt the request about one task, within a session, from which on a warning is given
 *     (FR-035)
 * @param perTask how many requests about one task a session has
 * @param timeout for everything that the model does about one request
 */
public record AssistantConfig(
    int chatCredits,
    int subtaskCredits,
    int conversionCredits,
    int warnAt,
    int perTask,
    Duration timeout) {}

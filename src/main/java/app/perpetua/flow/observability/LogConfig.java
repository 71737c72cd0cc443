package app.perpetua.flow.observability;

import java.util.logging.Level;

/**
 * What is logged.
 *
 * @param level the least severe level
 * @param linesPerSecond lines of the process in a second that report no failure, at most; 0 for no
 *     limit
 */
public record LogConfig(Level level, int linesPerSecond) {}

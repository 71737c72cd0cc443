package app.perpetua.flow.chaos;

import java.time.Duration;
import java.util.List;

/**
 * What one run has shown.
 *
 * @param violations each with expectation and finding
 * @param writes number of writes
 * @param recovered from the removal of the fault to the first success of a request sent after it
 * @param steady from the removal to the last answer that was none or 503
 * @param longest wait for an answer, without the time of providers
 */
record Outcome(
    List<String> violations, int writes, Duration recovered, Duration steady, Duration longest) {}

package app.perpetua.flow.dev.metrics;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The service between two measurements: rates since the earlier one, and levels at the later one.
 * Requests of health and metrics do not count.
 *
 * @param at real time of the later measurement
 * @param requestsPerSecond of all processes
 * @param p95Ms 95th percentile of the response time in milliseconds, interpolated between the
 *     bounds of the histogram's buckets; null without requests
 * @param errorsPerSecond responses with a 5xx status
 * @param refusedPerSecond responses with a 4xx status
 * @param jobsDue null if no process reports it
 * @param jobsRunning null if no process reports it
 * @param jobsDead null if no process reports it
 * @param poolActive database connections in use, of all processes
 * @param poolPending threads that wait for a database connection, of all processes
 */
public record Sample(
    Instant at,
    double requestsPerSecond,
    @Nullable Double p95Ms,
    double errorsPerSecond,
    double refusedPerSecond,
    @Nullable Long jobsDue,
    @Nullable Long jobsRunning,
    @Nullable Long jobsDead,
    long poolActive,
    long poolPending) {}

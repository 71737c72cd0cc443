package app.perpetua.flow.jobs;

import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.sql.Row;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A claimed job.
 *
 * @param userId the job's user; null for a job of the system
 * @param kind selects the handler
 * @param key unique among unfinished jobs of the kind; names what the job is about
 * @param payload the JSON object with which the job was enqueued
 * @param attempt number of this attempt, from 1
 * @param lease token of the claim; the job can be changed only with the current token
 * @param trace the span of this attempt, in the trace of what enqueued the job
 */
public record Job(
    UUID id,
    @Nullable UUID userId,
    String kind,
    String key,
    String payload,
    int attempt,
    int maxAttempts,
    UUID lease,
    TraceContext trace) {
  static Job of(Row row, UUID lease) {
    return new Job(
        row.uuid("id"),
        row.uuidOrNull("user_id"),
        row.text("kind"),
        row.text("job_key"),
        row.text("payload"),
        row.integer("attempts"),
        row.integer("max_attempts"),
        lease,
        TraceContext.continued(Stream.ofNullable(row.textOrNull("traceparent")).toList()));
  }

  /** Whether the job is dead if this attempt fails. */
  public boolean isLastAttempt() {
    return attempt >= maxAttempts;
  }
}

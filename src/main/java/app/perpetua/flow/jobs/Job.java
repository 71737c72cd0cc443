package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Row;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job as one worker has claimed it.
 *
 * @param id which one
 * @param userId whose; null for a job of the system
 * @param kind decides the handler
 * @param key what it is about; unique among unfinished jobs of its kind
 * @param payload a JSON object, as it was enqueued
 * @param attempt which attempt this is, from 1
 * @param maxAttempts how many there are
 * @param lease the claim: whoever does not hold it changes nothing
 */
public record Job(
    UUID id,
    @Nullable UUID userId,
    String kind,
    String key,
    String payload,
    int attempt,
    int maxAttempts,
    UUID lease) {
  static Job of(Row row, UUID lease) {
    return new Job(
        row.uuid("id"),
        row.uuidOrNull("user_id"),
        row.text("kind"),
        row.text("job_key"),
        row.text("payload"),
        row.integer("attempts"),
        row.integer("max_attempts"),
        lease);
  }

  /** True if the job is dead should this attempt fail. */
  public boolean isLastAttempt() {
    return attempt >= maxAttempts;
  }
}

package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A message to an endpoint, and what became of it (FR-170).
 *
 * @param id also the {@code webhook-id} of every attempt
 * @param seq number of the change; null for a test
 * @param nextAttemptAt null unless it is pending
 * @param lastAttempt null before the first attempt
 */
record WebhookDelivery(
    UUID id,
    String event,
    @Nullable Long seq,
    Status status,
    int attempts,
    @Nullable Instant nextAttemptAt,
    @Nullable LastAttempt lastAttempt,
    Instant createdAt) {
  enum Status implements WireName {
    PENDING,
    DELIVERED,
    /** All attempts failed. */
    FAILED,
    /** The endpoint was disabled before it succeeded. */
    CANCELLED
  }

  /**
   * The latest attempt.
   *
   * @param status of the answer; null if there was none
   * @param answer the first 1,024 bytes of the answer's body as text; null if there was none
   * @param error why it failed; null if it succeeded
   */
  record LastAttempt(
      Instant at,
      int durationMs,
      @Nullable Integer status,
      @Nullable String answer,
      @Nullable String error) {
    static @Nullable LastAttempt of(Row row) {
      Instant at = row.instantOrNull("attempted_at");
      return at == null
          ? null
          : new LastAttempt(
              at,
              row.integer("duration_ms"),
              row.integerOrNull("answer_status"),
              row.textOrNull("answer"),
              row.textOrNull("error"));
    }
  }

  static WebhookDelivery of(Row row) {
    return new WebhookDelivery(
        row.uuid("id"),
        row.text("event"),
        row.isNull("seq") ? null : row.bigint("seq"),
        row.wireName("status", Status.class),
        row.integer("attempts"),
        row.instantOrNull("next_attempt_at"),
        LastAttempt.of(row),
        row.instant("created_at"));
  }
}

package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint as its owner sees it, without its secret (FR-166).
 *
 * @param events types of events, or {@code *}
 * @param disabledReason null while it is enabled
 * @param failingSince when the first of the failures happened since which no delivery has
 *     succeeded; null without any
 * @param previousSecretUntil until when messages are also signed with the secret before the
 *     rotation; null if there was none
 */
record WebhookEndpoint(
    UUID id,
    String url,
    List<String> events,
    Payload payload,
    boolean enabled,
    @Nullable DisabledReason disabledReason,
    @Nullable Instant failingSince,
    @Nullable Instant previousSecretUntil,
    Instant createdAt,
    Instant updatedAt) {
  /** What messages contain. */
  enum Payload implements WireName {
    /** Type, id and version of the entity. */
    THIN,
    /** The entity as well. */
    FULL
  }

  /** Why an endpoint is disabled. */
  enum DisabledReason implements WireName {
    USER,
    /** It answered 410. */
    GONE,
    /** For three days, no delivery succeeded. */
    FAILING
  }

  static List<String> events(Row row) {
    return List.of(row.text("events").split(","));
  }

  static WebhookEndpoint of(Row row) {
    return new WebhookEndpoint(
        row.uuid("id"),
        row.text("url"),
        events(row),
        row.wireName("payload", Payload.class),
        row.bool("enabled"),
        row.wireNameOrNull("disabled_reason", DisabledReason.class),
        row.instantOrNull("failing_since"),
        row.instantOrNull("previous_until"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }
}

package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint as its owner sees it, without its secret (FR-166).
 *
 * @param disabledReason null while it is enabled
 * @param failingSince when the first of the failures happened since which no delivery has
 *     succeeded; null without any
 * @param previousSecretUntil until when messages are also signed with the secret before the
 *     rotation; null if there was none
 */
record WebhookEndpoint(
    UUID id,
    String url,
    @JsonUnwrapped Messages messages,
    boolean enabled,
    @Nullable DisabledReason disabledReason,
    @Nullable Instant failingSince,
    @Nullable Instant previousSecretUntil,
    Instant createdAt,
    Instant updatedAt) {
  /**
   * Which messages an endpoint receives.
   *
   * @param events types of events, or {@code *}
   * @param filter that a task must match when a message of it is created, unless the task was
   *     deleted; null for all tasks
   */
  record Messages(List<String> events, Payload payload, @Nullable String filter) {
    Messages {
      events = List.copyOf(events);
    }

    static Messages of(Row row) {
      return new Messages(
          List.of(row.text("events").split(",")),
          row.wireName("payload", Payload.class),
          row.textOrNull("filter"));
    }

    boolean have(WebhookEvent event) {
      return events.contains(WebhookEvent.ALL) || events.contains(event.wireName());
    }
  }

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

  static WebhookEndpoint of(Row row) {
    return new WebhookEndpoint(
        row.uuid("id"),
        row.text("url"),
        Messages.of(row),
        row.bool("enabled"),
        row.wireNameOrNull("disabled_reason", DisabledReason.class),
        row.instantOrNull("failing_since"),
        row.instantOrNull("previous_until"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }
}

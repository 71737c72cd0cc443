package app.perpetua.flow.webhooks;

import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An enabled endpoint as the job sees it.
 *
 * @param secrets one, or during a rotation two, the newer first
 * @param position the number of the newest change whose deliveries were created
 * @param failingSince as in {@link WebhookEndpoint}
 * @param stalls number of runs in a row that the receiver made slow
 * @param pausedUntil no delivery is attempted before; null or past if there may be one
 * @param full whether so many deliveries are pending that further ones wait in the change feed
 */
record Target(
    UUID id,
    String url,
    WebhookEndpoint.Messages messages,
    List<WebhookSecret> secrets,
    long position,
    @Nullable Instant failingSince,
    int stalls,
    @Nullable Instant pausedUntil,
    boolean full) {
  /** Pending deliveries of an endpoint; the following changes wait in the feed. */
  static final int MAX_PENDING = 10_000;

  /** Reads the acting user's endpoint; empty if it was disabled or deleted. */
  static Optional<Target> find(Tx tx, UUID id) {
    return tx.sql("webhooks.find_target").bind("id", id).bind("max", MAX_PENDING).one(Target::of);
  }

  private static Target of(Row row) {
    return new Target(
        row.uuid("id"),
        row.text("url"),
        WebhookEndpoint.Messages.of(row),
        Stream.of(row.bytesOrNull("secret"), row.bytesOrNull("previous_secret"))
            .filter(Objects::nonNull)
            .map(WebhookSecret::new)
            .toList(),
        row.bigint("position"),
        row.instantOrNull("failing_since"),
        row.integer("stalls"),
        row.instantOrNull("paused_until"),
        row.bool("is_full"));
  }
}

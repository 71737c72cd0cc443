package app.perpetua.flow.notifications;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.jobs.TwoPhaseHandler;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The job that pushes one notification to one browser (FR-056, FR-028b). Deletes subscriptions that
 * the push service reports as gone. Retries while the push service is unavailable; the last attempt
 * drops the push, as the notification itself is in the app. Thread-safe.
 */
final class PushSendJob implements TwoPhaseHandler<PushSendJob.Attempt, PushService.Outcome> {
  /** The outcome of an attempt, for metrics. */
  enum Result implements WireName {
    SENT,
    GONE,
    REJECTED,
    RETRIED,
    DROPPED
  }

  /** One attempt. */
  record Attempt(PushService.Push push, UUID subscriptionId, boolean isLast) {}

  private record Payload(UUID notificationId, UUID subscriptionId) {}

  private static final System.Logger LOG = System.getLogger(PushSendJob.class.getName());

  /** An older notification is read in the app. */
  private static final Duration TIME_TO_LIVE = Duration.ofDays(1);

  /** The most that fits into an encrypted record of 4096 bytes (RFC 8291, section 4). */
  static final int MAX_PAYLOAD = 3_993;

  private final Optional<PushService> service;
  private final Json json;
  private final Consumer<Result> counter;

  /**
   * @param service empty if push is not configured: jobs enqueued earlier then end without effect
   * @param counter called after every attempt, from any thread
   */
  PushSendJob(Optional<PushService> service, Json json, Consumer<Result> counter) {
    this.service = service;
    this.json = json;
    this.counter = counter;
  }

  @Override
  public Prepared<Attempt> prepare(Tx tx, Job job) {
    if (service.isEmpty()) {
      return Prepared.done();
    }
    Payload payload = json.read(job.payload(), Payload.class);
    return tx.sql("notifications.find_push")
        .bind("id", payload.notificationId())
        .bind("subscription_id", payload.subscriptionId())
        .one(row -> attempt(tx, row, payload, job))
        .filter(attempt -> attempt.push().timeToLive().isPositive())
        .<Prepared<Attempt>>map(Prepared.Call::new)
        .orElseGet(Prepared::done);
  }

  private Attempt attempt(Tx tx, Row row, Payload payload, Job job) {
    Notification notification = Notification.of(row);
    Instant expiresAt = notification.createdAt().plus(TIME_TO_LIVE);
    PushService.Push push =
        new PushService.Push(
            row.text("endpoint"),
            bytes(row, "p256dh"),
            bytes(row, "auth"),
            topic(notification.id()),
            notification.type() == Notification.Type.REMINDER
                ? PushService.Urgency.HIGH
                : PushService.Urgency.NORMAL,
            Duration.between(tx.now(), expiresAt),
            payload(notification));
    return new Attempt(push, payload.subscriptionId(), job.isLastAttempt());
  }

  /** A repeated push of the same notification replaces the earlier one. */
  private static String topic(UUID id) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES);
    bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  /** Omits an action URL that is too long; the app finds it by the notification's id. */
  private byte[] payload(Notification notification) {
    byte[] complete = payload(notification, notification.actionUrl());
    return complete.length <= MAX_PAYLOAD ? complete : payload(notification, null);
  }

  private byte[] payload(Notification notification, @Nullable String actionUrl) {
    Map<String, @Nullable Object> payload = new LinkedHashMap<>();
    payload.put("notification_id", notification.id());
    payload.put("type", notification.type());
    payload.put("title", notification.title());
    payload.put("body", notification.body());
    payload.put("action_url", actionUrl);
    return json.bytes(payload);
  }

  @Override
  public PushService.Outcome call(Attempt attempt) throws InterruptedException {
    PushService.Outcome outcome = service.orElseThrow().send(attempt.push());
    counter.accept(
        switch (outcome) {
          case PushService.Outcome.Sent _ -> Result.SENT;
          case PushService.Outcome.Gone _ -> Result.GONE;
          case PushService.Outcome.Rejected _ -> Result.REJECTED;
          case PushService.Outcome.Unavailable _ ->
              attempt.isLast() ? Result.DROPPED : Result.RETRIED;
        });
    return outcome;
  }

  @Override
  public TransactionalHandler.Next settle(
      Tx tx, Job job, Attempt attempt, PushService.Outcome outcome) {
    LogFields fields =
        LogFields.of("job_id", job.id()).with("subscription_id", attempt.subscriptionId());
    return switch (outcome) {
      case PushService.Outcome.Sent _ -> new TransactionalHandler.Next.Done();
      case PushService.Outcome.Gone _ -> {
        tx.sql("notifications.drop_subscription").bind("id", attempt.subscriptionId()).atCommit();
        yield new TransactionalHandler.Next.Done();
      }
      case PushService.Outcome.Rejected(String why) -> {
        LOG.log(System.Logger.Level.WARNING, "push rejected: " + why, fields);
        yield new TransactionalHandler.Next.Done();
      }
      case PushService.Outcome.Unavailable(Duration retryAfter, String why) -> {
        if (!attempt.isLast()) {
          yield new TransactionalHandler.Next.Retry(retryAfter, why);
        }
        LOG.log(System.Logger.Level.WARNING, "push dropped: " + why, fields);
        yield new TransactionalHandler.Next.Done();
      }
    };
  }

  private static byte[] bytes(Row row, String column) {
    byte[] bytes = row.bytesOrNull(column);
    if (bytes == null) {
      throw new IllegalStateException("column " + column + " is null");
    }
    return bytes;
  }
}

package app.perpetua.flow.notifications;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler.Next;
import app.perpetua.flow.jobs.TwoPhaseHandler;
import app.perpetua.flow.notifications.PushService.Outcome;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Timer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Pushes one notification to one browser (FR-056, FR-028b). Deletes the subscription if the push
 * service reports that it no longer exists. Retries while the push service is unavailable; the last
 * attempt drops the push, as the notification itself is in the app. Thread-safe.
 */
final class PushSendJob implements TwoPhaseHandler<PushSendJob.Attempt, Outcome> {
  /** The outcome of an attempt, for metrics. */
  enum Result implements WireName {
    SENT,
    GONE,
    REJECTED,
    RETRIED,
    DROPPED
  }

  record Attempt(PushService.Push push, UUID subscriptionId, Instant notifiedAt, boolean isLast) {}

  private record Payload(UUID notificationId, UUID subscriptionId) {}

  private static final System.Logger LOG = System.getLogger(PushSendJob.class.getName());

  /** An older notification is read in the app. */
  private static final Duration TIME_TO_LIVE = Duration.ofDays(1);

  /** The most that fits into an encrypted record of 4096 bytes (RFC 8291, section 4). */
  static final int MAX_PAYLOAD = 3_993;

  private final Optional<PushService> service;
  private final Json json;
  private final Consumer<Result> counter;
  private final Timer lateness;

  /**
   * @param service empty if push is not configured: jobs enqueued earlier then end without effect
   * @param counter called after every attempt, from any thread
   * @param lateness records the time from the notification until the push service accepts it
   */
  PushSendJob(Optional<PushService> service, Json json, Consumer<Result> counter, Timer lateness) {
    this.service = service;
    this.json = json;
    this.counter = counter;
    this.lateness = lateness;
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
            Objects.requireNonNull(row.bytesOrNull("p256dh")),
            Objects.requireNonNull(row.bytesOrNull("auth")),
            topic(notification.id()),
            notification.type() == Notification.Type.REMINDER
                ? PushService.Urgency.HIGH
                : PushService.Urgency.NORMAL,
            Duration.between(tx.now(), expiresAt),
            payload(notification));
    return new Attempt(
        push, payload.subscriptionId(), notification.createdAt(), job.isLastAttempt());
  }

  /** A repeated push of the same notification replaces the earlier one. */
  private static String topic(UUID id) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES);
    bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  /** Omits an action URL that is too long; the app finds it by the notification's id. */
  private byte[] payload(Notification notification) {
    byte[] complete = payload(notification, notification.content().actionUrl());
    return complete.length <= MAX_PAYLOAD ? complete : payload(notification, null);
  }

  private byte[] payload(Notification notification, @Nullable String actionUrl) {
    Map<String, @Nullable Object> payload = new LinkedHashMap<>();
    payload.put("notification_id", notification.id());
    payload.put("type", notification.type());
    payload.put("title", notification.content().title());
    payload.put("body", notification.content().body());
    payload.put("action_url", actionUrl);
    return json.bytes(payload);
  }

  @Override
  public Outcome call(Attempt attempt) throws InterruptedException {
    Outcome outcome = service.orElseThrow().send(attempt.push());
    counter.accept(
        switch (outcome) {
          case Outcome.Sent _ -> Result.SENT;
          case Outcome.Gone _ -> Result.GONE;
          case Outcome.Rejected _ -> Result.REJECTED;
          case Outcome.Unavailable _ -> attempt.isLast() ? Result.DROPPED : Result.RETRIED;
        });
    return outcome;
  }

  @Override
  public Next settle(Tx tx, Job job, Attempt attempt, Outcome outcome) {
    LogFields fields =
        LogFields.of("job_id", job.id()).with("subscription_id", attempt.subscriptionId());
    switch (outcome) {
      case Outcome.Sent _ ->
          tx.afterCommit(() -> lateness.record(Duration.between(attempt.notifiedAt(), tx.now())));
      case Outcome.Gone _ ->
          tx.sql("notifications.drop_subscription").bind("id", attempt.subscriptionId()).atCommit();
      case Outcome.Rejected(String reason) ->
          LOG.log(System.Logger.Level.WARNING, "push rejected: " + reason, fields);
      case Outcome.Unavailable(Duration retryAfter, String reason) -> {
        if (!attempt.isLast()) {
          return new Next.Retry(retryAfter, reason);
        }
        LOG.log(System.Logger.Level.WARNING, "push dropped: " + reason, fields);
      }
    }
    return new Next.Done();
  }
}

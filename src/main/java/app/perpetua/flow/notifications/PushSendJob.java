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
 * The job that pushes one notification to one browser (FR-056, FR-028b). A browser that is gone is
 * forgotten; a push service that is away is asked again, at most as often as any job is tried, and
 * then the push is dropped: the notification itself is in the app. Thread-safe.
 */
public final class PushSendJob
    implements TwoPhaseHandler<PushSendJob.Sending, PushService.Outcome> {
  /** How an attempt ended, for whoever counts. */
  public enum Result implements WireName {
    SENT,
    GONE,
    REJECTED,
    RETRIED,
    DROPPED
  }

  /**
   * One attempt.
   *
   * @param subscription to whom
   * @param last whether there will be no other
   */
  public record Sending(PushService.Push push, UUID subscription, boolean last) {}

  /** What the job was enqueued with. */
  private record Payload(UUID notificationId, UUID subscriptionId) {}

  private static final System.Logger LOG = System.getLogger(PushSendJob.class.getName());

  /** What a browser has not got after a day is better read in the app. */
  private static final Duration LIFE = Duration.ofDays(1);

  /** What fits a record of 4096 bytes once it is encrypted (RFC 8291, section 4). */
  static final int MAX_PAYLOAD = 3_993;

  private final Optional<PushService> service;
  private final Json json;
  private final Consumer<Result> counter;

  /**
   * @param service none if push is not configured: what was enqueued before is let go
   * @param counter told of every attempt, from any thread
   */
  public PushSendJob(Optional<PushService> service, Json json, Consumer<Result> counter) {
    this.service = service;
    this.json = json;
    this.counter = counter;
  }

  @Override
  public Prepared<Sending> reserve(Tx tx, Job job) {
    if (service.isEmpty()) {
      return Prepared.done();
    }
    Payload about = json.read(job.payload(), Payload.class);
    return tx.sql("notifications.find_push")
        .bind("id", about.notificationId())
        .bind("subscription_id", about.subscriptionId())
        .one(row -> sending(tx, row, about, job))
        .filter(sending -> sending.push().timeToLive().isPositive())
        .<Prepared<Sending>>map(Prepared.Call::new)
        .orElseGet(Prepared::done);
  }

  private Sending sending(Tx tx, Row row, Payload about, Job job) {
    Notification notification = Notification.of(row);
    Instant end = notification.createdAt().plus(LIFE);
    PushService.Push push =
        new PushService.Push(
            row.text("endpoint"),
            bytes(row, "p256dh"),
            bytes(row, "auth"),
            topic(notification.id()),
            notification.type() == Notification.Type.REMINDER
                ? PushService.Urgency.HIGH
                : PushService.Urgency.NORMAL,
            Duration.between(tx.now(), end),
            payload(notification));
    return new Sending(push, about.subscriptionId(), job.isLastAttempt());
  }

  /** A repeat of the same notification replaces it. */
  private static String topic(UUID id) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES);
    bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  /** Only a long address can make it too long; the app finds it by the notification's id. */
  private byte[] payload(Notification notification) {
    byte[] whole = payload(notification, notification.actionUrl());
    return whole.length <= MAX_PAYLOAD ? whole : payload(notification, null);
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
  public PushService.Outcome call(Sending sending) throws InterruptedException {
    PushService.Outcome outcome = service.orElseThrow().send(sending.push());
    counter.accept(
        switch (outcome) {
          case PushService.Outcome.Sent _ -> Result.SENT;
          case PushService.Outcome.Gone _ -> Result.GONE;
          case PushService.Outcome.Rejected _ -> Result.REJECTED;
          case PushService.Outcome.TryLater _ -> sending.last() ? Result.DROPPED : Result.RETRIED;
        });
    return outcome;
  }

  @Override
  public TransactionalHandler.Next settle(
      Tx tx, Job job, Sending sending, PushService.Outcome outcome) {
    LogFields about =
        LogFields.of("job_id", job.id()).with("subscription_id", sending.subscription());
    return switch (outcome) {
      case PushService.Outcome.Sent _ -> new TransactionalHandler.Next.Done();
      case PushService.Outcome.Gone _ -> {
        tx.sql("notifications.drop_subscription").bind("id", sending.subscription()).atCommit();
        yield new TransactionalHandler.Next.Done();
      }
      case PushService.Outcome.Rejected(String why) -> {
        LOG.log(System.Logger.Level.WARNING, "a push was rejected: " + why, about);
        yield new TransactionalHandler.Next.Done();
      }
      case PushService.Outcome.TryLater(Duration atLeast, String why) -> {
        if (!sending.last()) {
          yield new TransactionalHandler.Next.Retry(atLeast, why);
        }
        LOG.log(System.Logger.Level.WARNING, "a push is dropped: " + why, about);
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

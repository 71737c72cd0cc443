package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.webhooks.WebhookEndpoint.DisabledReason;
import app.perpetua.flow.webhooks.WebhookEndpoint.Messages;
import app.perpetua.flow.webhooks.WebhookEndpoint.Payload;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Endpoints of the acting user and their deliveries (FR-166, FR-170, FR-171). Methods that take an
 * id refuse another user's row with {@code FORBIDDEN} and a missing one with {@code NOT_FOUND}.
 * Thread-safe.
 */
final class Webhooks {
  private static final int MAX_ENDPOINTS = 10;

  /** How long the secret before a rotation signs as well. */
  private static final Duration ROTATION = Duration.ofDays(1);

  private static final Duration RETENTION = Duration.ofDays(30);

  /** Changes that a new selection of events leaves to the former one. */
  private static final int MAX_COLLECTED = 1_000;

  /**
   * A change of an endpoint; null leaves a field as it is.
   *
   * @param filter that of the messages if {@code changesFilter}; null for all tasks
   */
  record Change(
      @Nullable String url,
      @Nullable List<String> events,
      @Nullable Payload payload,
      boolean changesFilter,
      @Nullable Filter filter,
      @Nullable Boolean enabled) {
    private Messages of(Messages former) {
      return new Messages(
          events == null ? former.events() : events,
          payload == null ? former.payload() : payload,
          changesFilter ? text(filter) : former.filter());
    }
  }

  /** An endpoint and its secret, which is shown once. {@link #toString} omits the secret. */
  record WithSecret(WebhookEndpoint endpoint, WebhookSecret secret) {}

  private final Ids ids;
  private final SecureRandom random;
  private final FilteredTasks filtered;
  private final ChangeCollector collector;
  private final Disabling disabling;

  Webhooks(
      Ids ids,
      SecureRandom random,
      FilteredTasks filtered,
      ChangeCollector collector,
      Disabling disabling) {
    this.ids = ids;
    this.random = random;
    this.filtered = filtered;
    this.collector = collector;
    this.disabling = disabling;
  }

  /** The user's endpoints, in the order of their creation. */
  List<WebhookEndpoint> list(Tx tx) {
    OneToMany<Boolean, WebhookEndpoint> found =
        tx.sql("webhooks.list_endpoints").oneToMany(_ -> true, WebhookEndpoint::of);
    return found.many();
  }

  WebhookEndpoint find(Tx tx, UUID id) {
    return tx.sql("webhooks.find_endpoint")
        .bind("id", id)
        .one(WebhookEndpoint::of)
        .orElseThrow(() -> tx.missing("webhooks.find_endpoint_owner", "webhook endpoint", id));
  }

  /**
   * Adds an endpoint, which receives the changes from now on.
   *
   * @param url permitted by the address guard
   * @param secret null for a generated one
   * @param filter that of the messages, parsed; null for all tasks
   * @throws Refusal {@code LIMIT_EXCEEDED} if the user already has ten; {@code VALIDATION_ERROR} if
   *     the filter has an unknown name, or is too complex
   */
  WithSecret create(
      Tx tx,
      String url,
      List<String> events,
      Payload payload,
      @Nullable Filter filter,
      @Nullable WebhookSecret secret) {
    if (filter != null) {
      filtered.requireUsable(tx, filter, "filter");
    }
    int count = list(tx).size();
    if (count >= MAX_ENDPOINTS) {
      throw Refusal.limitExceeded(
          "no more than " + MAX_ENDPOINTS + " webhook endpoints are possible",
          MAX_ENDPOINTS,
          count);
    }
    WebhookSecret signing = secret == null ? WebhookSecret.generate(random) : secret;
    WebhookEndpoint endpoint =
        new WebhookEndpoint(
            ids.next(),
            url,
            new Messages(events, payload, text(filter)),
            true,
            null,
            null,
            null,
            tx.now(),
            tx.now());
    tx.sql("webhooks.insert_endpoint")
        .bind("id", endpoint.id())
        .bind("url", url)
        .bind("events", events.toArray(String[]::new))
        .bind("payload", payload)
        .bind("filter", text(filter))
        .bind("secret", signing.bytes())
        .atCommit();
    tx.sql("webhooks.mark_user").atCommit();
    return new WithSecret(endpoint, signing);
  }

  /**
   * Changes an endpoint. What was changed before is delivered as it was selected then; an endpoint
   * that is enabled again receives the changes from now on.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if a new filter has an unknown name, or is too complex
   */
  WebhookEndpoint update(Tx tx, UUID id, Change change) {
    WebhookEndpoint former = find(tx, id);
    boolean enabled = change.enabled() == null ? former.enabled() : change.enabled();
    String url = change.url() == null ? former.url() : change.url();
    Messages messages = change.of(former.messages());
    if (change.filter() != null && !change.filter().text().equals(former.messages().filter())) {
      filtered.requireUsable(tx, change.filter(), "filter");
    }
    if (former.enabled() && enabled && !messages.equals(former.messages())) {
      Target.find(tx, id)
          .ifPresent(target -> collector.collect(tx, target, MAX_COLLECTED, tx.now()));
      wake(tx, id);
    }
    tx.sql("webhooks.update_endpoint")
        .bind("id", id)
        .bind("url", url)
        .bind("events", messages.events().toArray(String[]::new))
        .bind("payload", messages.payload())
        .bind("filter", messages.filter())
        .atCommit();
    Instant failingSince = former.failingSince();
    DisabledReason reason = former.disabledReason();
    if (enabled && !former.enabled()) {
      tx.sql("webhooks.enable").bind("id", id).atCommit();
      tx.sql("webhooks.mark_user").atCommit();
      failingSince = null;
      reason = null;
    } else if (!enabled && former.enabled()) {
      disabling.disable(tx, id, DisabledReason.USER);
      reason = DisabledReason.USER;
    }
    if (!url.equals(former.url())) {
      tx.sql("webhooks.resume").bind("id", id).atCommit();
      failingSince = null;
      if (enabled) {
        wake(tx, id);
      }
    }
    return new WebhookEndpoint(
        id,
        url,
        messages,
        enabled,
        reason,
        failingSince,
        former.previousSecretUntil(),
        former.createdAt(),
        tx.now());
  }

  private static @Nullable String text(@Nullable Filter filter) {
    return filter == null ? null : filter.text();
  }

  /** Deletes an endpoint and its deliveries. */
  void delete(Tx tx, UUID id) {
    find(tx, id);
    tx.sql("webhooks.delete_endpoint").bind("id", id).atCommit();
    tx.sql("webhooks.mark_user").atCommit();
  }

  /**
   * Replaces the secret. For a day, messages are signed with the former one as well; a rotation
   * before that ends it at once.
   *
   * @param secret null for a generated one
   */
  WithSecret rotate(Tx tx, UUID id, @Nullable WebhookSecret secret) {
    WebhookEndpoint former = find(tx, id);
    WebhookSecret signing = secret == null ? WebhookSecret.generate(random) : secret;
    Instant until = tx.now().plus(ROTATION);
    tx.sql("webhooks.rotate_secret")
        .bind("id", id)
        .bind("secret", signing.bytes())
        .bind("previous_until", until)
        .atCommit();
    return new WithSecret(
        new WebhookEndpoint(
            id,
            former.url(),
            former.messages(),
            former.enabled(),
            former.disabledReason(),
            former.failingSince(),
            until,
            former.createdAt(),
            tx.now()),
        signing);
  }

  /** Sends an event {@code webhook.test}; refuses a disabled endpoint with {@code CONFLICT}. */
  WebhookDelivery test(Tx tx, UUID id) {
    requireEnabled(find(tx, id));
    UUID delivery = collector.insertTest(tx, id);
    wake(tx, id);
    return new WebhookDelivery(
        delivery,
        WebhookEvent.TEST,
        null,
        WebhookDelivery.Status.PENDING,
        0,
        tx.now(),
        null,
        tx.now());
  }

  /** Deliveries of the last 30 days, newest first. */
  Page<WebhookDelivery> deliveries(Tx tx, UUID endpoint, PageRequest page) {
    find(tx, endpoint);
    return tx.sql("webhooks.list_deliveries")
        .bind("endpoint_id", endpoint)
        .page(page, PageRequest.Position.beforeDescending("infinity"), WebhookDelivery::of);
  }

  /**
   * Sends a delivery again, with the same id and body and all attempts; refuses a disabled endpoint
   * with {@code CONFLICT}.
   */
  WebhookDelivery redeliver(Tx tx, UUID endpoint, UUID delivery) {
    requireEnabled(find(tx, endpoint));
    WebhookDelivery found =
        tx.sql("webhooks.redeliver")
            .bind("endpoint_id", endpoint)
            .bind("id", delivery)
            .bind("remaining", RetrySchedule.ATTEMPTS)
            .one(WebhookDelivery::of)
            .orElseThrow(
                () -> Refusal.of(ErrorCode.NOT_FOUND, "the endpoint has no such delivery"));
    wake(tx, endpoint);
    return found;
  }

  private static void requireEnabled(WebhookEndpoint endpoint) {
    if (!endpoint.enabled()) {
      throw Refusal.of(ErrorCode.CONFLICT, "the webhook endpoint is disabled");
    }
  }

  private static void wake(Tx tx, UUID endpoint) {
    tx.sql("webhooks.wake").bind("id", endpoint).bind("run_at", tx.now()).atCommit();
  }

  /** Deletes deliveries of all users that are older than 30 days. */
  static int deleteExpired(Tx tx, int batch) {
    return tx.sql("webhooks.delete_expired")
        .bind("horizon", tx.now().minus(RETENTION))
        .bind("count", batch)
        .run();
  }

  /** Enqueues the jobs of endpoints that have work but no job. */
  static int wakeIdle(Tx tx, int batch) {
    return tx.sql("webhooks.wake_idle").bind("count", batch).run();
  }
}

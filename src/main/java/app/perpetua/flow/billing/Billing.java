package app.perpetua.flow.billing;

import app.perpetua.flow.account.Users;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.notifications.Notifications;
import java.util.Optional;

/** Composes the services of billing. Thread-safe. */
public final class Billing {
  private final Optional<Payments> payments;
  private final WebhookSignature signature;
  private final OrderStore orders;
  private final Subscriptions subscriptions;
  private final OrderPlacement placement;
  private final Webhooks webhooks;
  private final RenewalJob renewalJob;
  private final BillingMetrics metrics;

  /**
   * @param payments empty if they are not configured
   */
  public Billing(
      BillingConfig config,
      Optional<Payments> payments,
      Users users,
      Credits credits,
      Notifications notifications,
      Jobs jobs,
      Ids ids,
      Json json,
      Events events,
      BillingMetrics metrics) {
    this.payments = payments;
    this.metrics = metrics;
    this.signature = new WebhookSignature(config.webhookSecrets(), config.webhookAuthorization());
    this.orders = new OrderStore(jobs);
    this.subscriptions = new Subscriptions(config, users, credits, ids, events);
    this.placement = new OrderPlacement(config, subscriptions, ids);
    PaymentApplication payment =
        new PaymentApplication(orders, subscriptions, credits, json, metrics);
    ExternalSubscriptions external =
        new ExternalSubscriptions(config, orders, subscriptions, payment, ids, metrics);
    this.webhooks = new Webhooks(config, orders, payment, external, jobs, ids, json, metrics);
    this.renewalJob =
        new RenewalJob(
            config, payments, orders, subscriptions, payment, notifications, ids, metrics);
  }

  Optional<Payments> payments() {
    return payments;
  }

  WebhookSignature signature() {
    return signature;
  }

  OrderStore orders() {
    return orders;
  }

  Subscriptions subscriptions() {
    return subscriptions;
  }

  OrderPlacement placement() {
    return placement;
  }

  BillingMetrics metrics() {
    return metrics;
  }

  /** Receives events, and is the job handler of {@link Webhooks#APPLY}. */
  public Webhooks webhooks() {
    return webhooks;
  }

  public RenewalJob renewalJob() {
    return renewalJob;
  }
}

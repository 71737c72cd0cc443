package app.perpetua.flow.billing;

import app.perpetua.flow.account.Users;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.notifications.Notifications;
import java.util.Optional;

/** The services of billing, composed: what routes and jobs are made of. Thread-safe. */
public final class Billing {
  private final Optional<Payments> payments;
  private final WebhookSignature signature;
  private final Orders orders;
  private final Subscriptions subscriptions;
  private final Purchases purchases;
  private final Webhooks webhooks;
  private final RenewalJob renewalJob;
  private final BillingMetrics metrics;

  /**
   * @param payments none if they are not configured: then nothing can be bought
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
    this.orders = new Orders(jobs);
    this.subscriptions = new Subscriptions(config, users, credits, ids, events);
    this.purchases = new Purchases(config, ids);
    PaymentApplication settlement =
        new PaymentApplication(orders, subscriptions, credits, json, metrics);
    ExternalSubscriptions managed =
        new ExternalSubscriptions(config, orders, subscriptions, settlement, ids, metrics);
    this.webhooks = new Webhooks(config, orders, settlement, managed, jobs, ids, json, metrics);
    this.renewalJob =
        new RenewalJob(
            config, payments, orders, subscriptions, settlement, notifications, ids, metrics);
  }

  Optional<Payments> payments() {
    return payments;
  }

  WebhookSignature signature() {
    return signature;
  }

  Orders orders() {
    return orders;
  }

  Subscriptions subscriptions() {
    return subscriptions;
  }

  Purchases purchases() {
    return purchases;
  }

  BillingMetrics metrics() {
    return metrics;
  }

  /** What takes in the provider's events, and the job that applies those it could not. */
  public Webhooks webhooks() {
    return webhooks;
  }

  /** The job that moves one subscription along. */
  public RenewalJob renewalJob() {
    return renewalJob;
  }
}

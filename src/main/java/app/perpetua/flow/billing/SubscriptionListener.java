package app.perpetua.flow.billing;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Event.SubscriptionChanged;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Notifies users about their subscription, bought credits and second payments. Thread-safe. */
final class SubscriptionListener implements EventListener {
  private static final String PURCHASED = "purchased";

  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH).withZone(ZoneOffset.UTC);

  private record Notice(String title, String body) {}

  private final Notifications notifications;

  SubscriptionListener(Notifications notifications) {
    this.notifications = notifications;
  }

  /** The day in UTC, for display; empty for null. */
  static String day(@Nullable Instant time) {
    return time == null ? "" : DAY.format(time);
  }

  @Override
  public String name() {
    return "subscription_notices";
  }

  @Override
  public boolean handles(Event event) {
    return switch (event) {
      case SubscriptionChanged _ -> true;
      case Event.PaymentDuplicated _ -> true;
      case Event.CreditsGranted granted -> granted.type().equals(PURCHASED);
      // Purchased credits expire only after a refund (FR-051a).
      case Event.CreditsExpired expired -> expired.type().equals(PURCHASED);
      default -> false;
    };
  }

  @Override
  public void handle(Tx tx, Event event) {
    Notice notice =
        switch (event) {
          case SubscriptionChanged changed -> notice(changed);
          case Event.PaymentDuplicated _ ->
              new Notice(
                  "You paid twice",
                  "We received a second payment of an order. If you did not mean to pay again,"
                      + " please contact us for a refund.");
          case Event.CreditsGranted granted ->
              new Notice(
                  "Your credits are here", granted.amount() + " credits were added. Thank you!");
          case Event.CreditsExpired expired ->
              new Notice(
                  "A purchase was refunded", expired.amount() + " remaining credits were removed.");
          default -> throw new IllegalArgumentException(event.getClass().getSimpleName());
        };
    notifications.add(
        tx,
        Notification.Type.SUBSCRIPTION,
        notice.title(),
        notice.body(),
        notifications.pages().subscription(),
        null,
        null,
        false);
  }

  private static Notice notice(SubscriptionChanged event) {
    String until = day(event.until());
    return switch (event.change()) {
      case CREATED -> new Notice("Welcome to Pro", "Your subscription runs until " + until + ".");
      case RENEWED ->
          new Notice("Pro was renewed", "Your subscription now runs until " + until + ".");
      case PAST_DUE ->
          new Notice(
              "A payment failed",
              "We could not charge you for Pro. We will try again; nothing changes meanwhile.");
      case GRACE ->
          new Notice(
              "Please pay for Pro",
              "All our attempts to charge you failed. Pro ends on " + until + ".");
      case CANCELLED -> new Notice("Pro was cancelled", "You can use it until " + until + ".");
      case RESTORED -> new Notice("Pro is back", "Your subscription runs until " + until + ".");
      case EXPIRED ->
          new Notice(
              "Pro has ended",
              switch (String.valueOf(event.reason())) {
                case "refunded" -> "Your payment was refunded. Everything you have made stays.";
                case "disputed" -> "Your payment was disputed. Everything you have made stays.";
                case "unpaid" -> "No payment has reached us. Everything you have made stays.";
                default -> "Everything you have made stays.";
              });
    };
  }
}

package app.perpetua.flow.billing;

import app.perpetua.flow.billing.Order.Price;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.PaymentEvent.Amount;
import app.perpetua.flow.billing.PaymentEvent.Kind;
import app.perpetua.flow.sql.Row;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of an order's money, and what follows from it. Depends on the set of receipts
 * only, not on the order of their arrival. Immutable.
 *
 * <p>An order is paid while any of its payments holds money: captured with the order's price, less
 * the sum of its refunds and of its disputes that are open or lost. A refund or dispute that is
 * dated before its capture is outdated. One whose payment is not among the captured ones reduces
 * all of them.
 */
record Receipts(List<Receipt> all) {
  /**
   * An event of a payment that moved money, or a response of the provider with the same meaning.
   *
   * @param paymentId null if unknown
   * @param subjectId of the refund or dispute; null if unknown
   */
  record Receipt(
      Kind type,
      @Nullable String paymentId,
      @Nullable String subjectId,
      Amount amount,
      EventOrder order) {
    static Receipt of(PaymentEvent event) {
      return new Receipt(
          event.kind(), event.paymentId(), event.subjectId(), event.amount(), event.order());
    }

    static Receipt of(Row row) {
      Kind type = Kind.of(row.text("type"));
      return new Receipt(
          type,
          row.textOrNull("payment_id"),
          row.textOrNull("subject_id"),
          new Amount(
              row.integerOrNull("amount_cents"),
              row.textOrNull("currency"),
              row.bool("has_amount")),
          new EventOrder(row.instant("event_at"), type.rank(), row.text("provider_event_id")));
    }

    boolean isCapture() {
      return type.effect() == PaymentEvent.Effect.CAPTURE;
    }

    /** True for refunds and disputes, whatever their state. */
    boolean takesMoney() {
      return !isCapture() && type.effect() != PaymentEvent.Effect.NONE;
    }

    boolean isRefund() {
      return type.effect() == PaymentEvent.Effect.REFUND;
    }

    /** True if the amount can be compared with the order's price. */
    boolean isCountable(Price price) {
      return isCapture()
          ? amount.equals(new Amount(price.cents(), price.currency(), true))
          : !isRefund() || cents(price) > 0;
    }

    /** What the event takes away: 0 if its amount cannot be read. */
    private int cents(Price price) {
      boolean sameCurrency =
          amount.currency() == null || amount.currency().equals(price.currency());
      Integer cents = amount.cents();
      if (sameCurrency && cents != null && cents > 0) {
        return cents;
      }
      // A dispute takes the money even if its amount is in the card's currency.
      return isRefund() && (amount.isGiven() || !sameCurrency) ? 0 : price.cents();
    }

    /** Identifies the refund or dispute among those of one payment. */
    private String subject() {
      return subjectId == null ? (isRefund() ? order.id() : "") : subjectId;
    }

    private boolean repeats(Receipt other) {
      boolean sameSubject = isCapture() || subject().equals(other.subject());
      return type == other.type
          && Objects.equals(paymentId, other.paymentId)
          && sameSubject
          && amount.equals(other.amount);
    }
  }

  Receipts with(Receipt receipt) {
    List<Receipt> more = new ArrayList<>(all);
    more.add(receipt);
    return new Receipts(more);
  }

  /** True if an earlier event said the same under another id. */
  boolean repeats(Receipt receipt) {
    return all.stream().anyMatch(receipt::repeats);
  }

  /** True if the receipt is of a payment that was captured in addition to another one. */
  boolean isSecondPayment(Receipt receipt) {
    List<String> captured = capturedPayments();
    return receipt.isCapture() && !captured.isEmpty() && !captured.contains(payment(receipt));
  }

  /** All captured payments, whatever their amount. */
  private List<String> capturedPayments() {
    return all.stream().filter(Receipt::isCapture).map(Receipts::payment).distinct().toList();
  }

  /** The first captured payment of the order's price; empty if there is none. */
  Optional<String> firstPayment(Price price) {
    return captures(price).values().stream()
        .min(Comparator.comparing(Receipt::order))
        .map(Receipt::paymentId);
  }

  /**
   * The order's status.
   *
   * @return {@code CAPTURED}, {@code REFUNDED} or {@code DISPUTED}; empty if no payment of the
   *     order's price was captured, nor as much returned
   */
  Optional<Status> status(Price price) {
    Map<String, Receipt> captures = captures(price);
    long held = 0;
    boolean disputed = false;
    for (Receipt capture : captures.values()) {
      Taken taken = taken(price, of -> payment(of).equals(payment(capture)), capture.order());
      held += Math.max(0, price.cents() - taken.cents());
      disputed |= taken.disputed();
    }
    EventOrder first =
        captures.values().stream().map(Receipt::order).min(Comparator.naturalOrder()).orElse(null);
    List<String> known = capturedPayments();
    Taken other = taken(price, of -> !known.contains(payment(of)), first);
    if (captures.isEmpty() && other.cents() < price.cents()) {
      return Optional.empty();
    }
    if (held > other.cents()) {
      return Optional.of(Status.CAPTURED);
    }
    return Optional.of(disputed || other.disputed() ? Status.DISPUTED : Status.REFUNDED);
  }

  /**
   * Money that was returned or is withheld.
   *
   * @param disputed whether a dispute is part of it
   */
  private record Taken(long cents, boolean disputed) {}

  /**
   * @param since receipts before it are outdated; null for none
   */
  private Taken taken(Price price, Predicate<Receipt> selected, @Nullable EventOrder since) {
    List<Receipt> found = all.stream().filter(of -> !of.isCapture()).filter(selected).toList();
    Map<String, List<Receipt>> disputes = new HashMap<>();
    Map<String, Integer> refunds = new HashMap<>();
    for (Receipt receipt : found) {
      if (!receipt.isRefund()) {
        disputes.computeIfAbsent(receipt.subject(), _ -> new ArrayList<>()).add(receipt);
      } else if (isCurrent(receipt, since)) {
        refunds.merge(receipt.subject(), receipt.cents(price), Math::max);
      }
    }
    // The subject of a dispute from before V15 is unknown.
    disputes
        .getOrDefault("", new ArrayList<>())
        .addAll(found.stream().filter(Receipts::ends).toList());
    long refunded = refunds.values().stream().mapToLong(Integer::longValue).sum();
    long disputed = 0;
    for (List<Receipt> dispute : disputes.values()) {
      if (isStanding(dispute, since)) {
        disputed += disputedCents(dispute, price);
      }
    }
    return new Taken(refunded + disputed, disputed > 0);
  }

  private static boolean ends(Receipt receipt) {
    return receipt.type().effect() == PaymentEvent.Effect.DISPUTE_CLOSED;
  }

  private static boolean isCurrent(Receipt receipt, @Nullable EventOrder since) {
    return since == null || receipt.order().compareTo(since) > 0;
  }

  /** The latest outcome of a dispute decides; without one it is open. */
  private static boolean isStanding(Collection<Receipt> dispute, @Nullable EventOrder since) {
    return dispute.stream()
        .filter(receipt -> receipt.type().effect() != PaymentEvent.Effect.DISPUTE_OPENED)
        .max(Comparator.comparing(Receipt::order))
        .map(
            last ->
                last.type().effect() == PaymentEvent.Effect.DISPUTE_LOST && isCurrent(last, since))
        .orElseGet(() -> dispute.stream().anyMatch(receipt -> isCurrent(receipt, since)));
  }

  /** The largest amount that an event of the dispute names. */
  private static int disputedCents(Collection<Receipt> dispute, Price price) {
    return dispute.stream()
        .filter(receipt -> receipt.amount().isGiven())
        .mapToInt(receipt -> receipt.cents(price))
        .max()
        .orElse(price.cents());
  }

  private Map<String, Receipt> captures(Price price) {
    return all.stream()
        .filter(Receipt::isCapture)
        .filter(receipt -> receipt.isCountable(price))
        .collect(
            Collectors.toMap(
                Receipts::payment,
                receipt -> receipt,
                (one, other) -> one.order().compareTo(other.order()) <= 0 ? one : other));
  }

  private static String payment(Receipt receipt) {
    return receipt.paymentId() == null ? "" : receipt.paymentId();
  }
}

package app.perpetua.flow.billing;

import app.perpetua.flow.base.WireName;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Takes money, by whatever provider. Each call has a deadline of its own, 5 s at most. */
public interface Payments {
  /** What is paid for. */
  enum Kind implements WireName {
    /** Bought credits. */
    CREDITS,
    /** A month of Pro, on the provider's page. */
    SUBSCRIPTION,
    /** A further month, charged without the person. */
    RENEWAL
  }

  /**
   * An order that a person is going to pay on the provider's page.
   *
   * @param order ours; the provider hands it back with everything it tells of the payment
   * @param userId whose
   * @param kind what for
   * @param amountCents in the currency's minor unit
   * @param currency ISO 4217
   * @param keepInstrument whether later charges will follow without the person
   */
  record Purchase(
      UUID order,
      UUID userId,
      Kind kind,
      int amountCents,
      String currency,
      boolean keepInstrument) {}

  /** What became of asking for a page. */
  sealed interface Opened {
    /**
     * It is there. That somebody comes back from it proves nothing.
     *
     * @param sessionId the provider's, at most 200 characters
     * @param url where to send the person
     */
    record HostedPage(String sessionId, String url) implements Opened {}

    /**
     * Not now.
     *
     * @param why for the operator
     */
    record Unavailable(String why) implements Opened {}
  }

  /**
   * A charge without the person.
   *
   * @param idempotencyKey the same for every repeat of this one attempt, so that it charges once
   * @param order ours
   * @param userId whose
   * @param instrumentId what the first payment left
   * @param previousPaymentId the payment that the instrument comes from; null if unknown
   */
  record Charge(
      String idempotencyKey,
      UUID order,
      UUID userId,
      int amountCents,
      String currency,
      String instrumentId,
      @Nullable String previousPaymentId) {
    /** Without the instrument. */
    @Override
    public String toString() {
      return "Charge[" + idempotencyKey + "]";
    }
  }

  /** How a payment stands. */
  sealed interface Outcome {
    /** The money is ours. */
    record Captured(String paymentId) implements Outcome {}

    /** It will be, or will not: the provider tells later. */
    record Pending(String paymentId) implements Outcome {}

    /**
     * There is none to be had.
     *
     * @param paymentId empty if it did not even become a payment
     * @param code the provider's, for the operator
     */
    record Declined(Optional<String> paymentId, String code) implements Outcome {}

    /**
     * Nobody knows: the same is to be asked again.
     *
     * @param why for the operator
     */
    record Unknown(String why) implements Outcome {}
  }

  /** Makes a page for that purchase. */
  Opened open(Purchase purchase) throws InterruptedException;

  /** Charges, once per idempotency key. */
  Outcome charge(Charge charge) throws InterruptedException;

  /** How a payment that was made stands now. */
  Outcome look(String paymentId) throws InterruptedException;
}

package app.perpetua.flow.billing;

import app.perpetua.flow.base.WireName;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Port to a payment provider. Each call takes at most 5 s. */
public interface Payments {
  enum Kind implements WireName {
    CREDITS,
    /** A month of Pro, paid on the provider's page. */
    SUBSCRIPTION,
    /** A further month, charged without the user. */
    RENEWAL
  }

  /**
   * A payment that the user makes on the provider's page.
   *
   * @param order the order's id; the provider's events repeat it
   * @param amountCents in the currency's minor unit
   * @param currency ISO 4217
   * @param keepInstrument whether charges without the user will follow
   */
  record PaymentRequest(
      UUID order,
      UUID userId,
      Kind kind,
      int amountCents,
      String currency,
      boolean keepInstrument) {}

  sealed interface PageResult {
    /**
     * A payment page. Its redirect after the payment proves nothing.
     *
     * @param sessionId the provider's, at most 200 characters
     */
    record HostedPage(String sessionId, String url) implements PageResult {}

    /**
     * The page cannot be created now.
     *
     * @param reason for the log
     */
    record Unavailable(String reason) implements PageResult {}
  }

  /**
   * A charge without the user.
   *
   * @param idempotencyKey the same for all repetitions of an attempt, so that they charge once
   * @param order the order's id
   * @param instrumentId of the first payment
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
    @Override
    public String toString() {
      return "Charge[" + idempotencyKey + "]";
    }
  }

  sealed interface Outcome {
    record Captured(String paymentId) implements Outcome {}

    /** An event reports the final outcome later. */
    record Pending(String paymentId) implements Outcome {}

    /**
     * The charge failed for good.
     *
     * @param paymentId empty if the provider did not create a payment
     * @param code the provider's, for the log
     */
    record Declined(Optional<String> paymentId, String code) implements Outcome {}

    /**
     * The call must be repeated.
     *
     * @param reason for the log
     */
    record Unknown(String reason) implements Outcome {}
  }

  PageResult open(PaymentRequest request) throws InterruptedException;

  /** Charges once per idempotency key. */
  Outcome charge(Charge charge) throws InterruptedException;

  /** The current state of a payment. */
  Outcome fetch(String paymentId) throws InterruptedException;
}

package app.perpetua.flow.billing;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.parsing.LenientInstant;
import app.perpetua.flow.sql.Row;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * An event of the payment provider. Data that is missing or malformed is null.
 *
 * @param id the provider's, unique
 * @param type such as {@code payment_captured}; may be unknown
 * @param at when it happened, by the provider's clock
 * @param subjectId of the refund or dispute
 * @param reference the order's id
 * @param userId from the metadata
 * @param subscriptionId the subscription manager's
 * @param instrumentId identifies the card or account for later charges
 */
record PaymentEvent(
    String id,
    String type,
    Instant at,
    @Nullable String paymentId,
    @Nullable String subjectId,
    @Nullable UUID reference,
    @Nullable UUID userId,
    @Nullable String subscriptionId,
    Amount amount,
    @Nullable String instrumentId) {
  /**
   * @param cents in the currency's minor unit; null if missing or malformed
   * @param currency ISO 4217; null if missing or malformed
   * @param isGiven false if the event has no amount; a refund or dispute is then of all of the
   *     payment
   */
  record Amount(@Nullable Integer cents, @Nullable String currency, boolean isGiven) {}

  /** What an event says of the payment's money. */
  enum Effect {
    NONE,
    CAPTURE,
    REFUND,
    DISPUTE_OPENED,
    DISPUTE_LOST,
    /** The disputed money came back, or was refunded before, which an event of its own reports. */
    DISPUTE_CLOSED
  }

  /** Types with an effect. A type that follows another one has a higher rank. */
  enum Kind implements WireName {
    PAYMENT_APPROVED(10, Effect.NONE),
    PAYMENT_DECLINED(20, Effect.NONE),
    PAYMENT_CAPTURE_DECLINED(21, Effect.NONE),
    PAYMENT_EXPIRED(22, Effect.NONE),
    PAYMENT_CANCELED(23, Effect.NONE),
    PAYMENT_VOIDED(24, Effect.NONE),
    PAYMENT_CAPTURED(30, Effect.CAPTURE),
    SUBSCRIPTION_RENEWED(31, Effect.CAPTURE),
    SUBSCRIPTION_CANCELLED(40, Effect.NONE),
    PAYMENT_REFUNDED(50, Effect.REFUND),
    DISPUTE_RECEIVED(60, Effect.DISPUTE_OPENED),
    DISPUTE_EVIDENCE_REQUIRED(61, Effect.DISPUTE_OPENED),
    DISPUTE_EVIDENCE_SUBMITTED(62, Effect.DISPUTE_OPENED),
    DISPUTE_EVIDENCE_ACKNOWLEDGED_BY_SCHEME(63, Effect.DISPUTE_OPENED),
    DISPUTE_ACCEPTED(64, Effect.DISPUTE_LOST),
    DISPUTE_EXPIRED(65, Effect.DISPUTE_LOST),
    DISPUTE_LOST(66, Effect.DISPUTE_LOST),
    DISPUTE_CANCELED(67, Effect.DISPUTE_CLOSED),
    DISPUTE_RESOLVED(68, Effect.DISPUTE_CLOSED),
    DISPUTE_WON(69, Effect.DISPUTE_CLOSED),
    DISPUTE_ARBITRATION_SENT_TO_SCHEME(70, Effect.DISPUTE_OPENED),
    DISPUTE_ARBITRATION_LOST(71, Effect.DISPUTE_LOST),
    DISPUTE_ARBITRATION_WON(72, Effect.DISPUTE_CLOSED),
    /** Stored without an effect. */
    OTHER(0, Effect.NONE);

    private final int rank;
    private final Effect effect;

    Kind(int rank, Effect effect) {
      this.rank = rank;
      this.effect = effect;
    }

    int rank() {
      return rank;
    }

    Effect effect() {
      return effect;
    }

    static Kind of(String name) {
      return Arrays.stream(values())
          .filter(known -> known != OTHER && known.wireName().equals(name))
          .findFirst()
          .orElse(OTHER);
    }
  }

  private static final Pattern ID = Pattern.compile("[!-~]{1,200}");
  private static final Pattern TYPE = Pattern.compile("[!-~]{1,100}");
  private static final Pattern CURRENCY = Pattern.compile("[A-Z]{3}");

  /** An event that is further ahead would outrank all later ones. */
  private static final Duration MAX_SKEW = Duration.ofDays(1);

  private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");

  /**
   * Parses a webhook's body.
   *
   * @param now when it arrived; replaces a time that is missing or too far ahead
   * @return empty if it is no event: no JSON object, or one without an id, a type or a time that
   *     can be read
   */
  static Optional<PaymentEvent> parse(Json json, byte[] body, Instant now) {
    JsonNode root = tree(json, body);
    String id = root == null ? null : text(root, "id", ID);
    String type = root == null ? null : text(root, "type", TYPE);
    Instant at = root == null ? null : time(root, now);
    if (root == null || id == null || type == null || at == null) {
      return Optional.empty();
    }
    JsonNode data = root.path("data");
    JsonNode metadata = data.path("metadata");
    String subscription = text(data, "subscription_id", ID);
    boolean isDispute = type.startsWith("dispute_");
    // A dispute's own id is in "id".
    String paymentField = data.hasNonNull("payment_id") ? "payment_id" : "id";
    JsonNode amount = data.path("amount");
    return Optional.of(
        new PaymentEvent(
            id,
            type,
            at,
            text(data, paymentField, ID),
            text(data, isDispute ? "id" : "action_id", ID),
            uuid(text(data, data.hasNonNull("reference") ? "reference" : "payment_reference", ID)),
            uuid(text(metadata, "user_id", ID)),
            subscription == null ? text(metadata, "subscription_id", ID) : subscription,
            new Amount(
                cents(amount),
                text(data, "currency", CURRENCY),
                !amount.isMissingNode() && !amount.isNull()),
            text(data.path("source"), "id", ID)));
  }

  /** A stored event, which was parsed when it arrived. */
  static PaymentEvent of(Row row, Json json) {
    byte[] body = Objects.requireNonNullElse(row.bytesOrNull("body"), new byte[0]);
    return parse(json, body, row.instant("received_at")).orElseThrow();
  }

  private static @Nullable JsonNode tree(Json json, byte[] body) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      JsonNode root = json.parse(text);
      return root.isObject() ? root : null;
    } catch (CharacterCodingException | JacksonException e) {
      return null;
    }
  }

  private static @Nullable Instant time(JsonNode root, Instant now) {
    JsonNode value = root.path(root.hasNonNull("created_on") ? "created_on" : "timestamp");
    if (value.isMissingNode() || value.isNull()) {
      return now;
    }
    Instant at = null;
    if (value.isNumber()) {
      at = LenientInstant.ofEpoch(value.decimalValue());
    } else if (value.isString()) {
      at = LenientInstant.parse(value.stringValue());
    }
    if (at == null || !at.isAfter(EARLIEST)) {
      return null;
    }
    return (at.isAfter(now.plus(MAX_SKEW)) ? now : at).truncatedTo(ChronoUnit.MICROS);
  }

  private static @Nullable String text(JsonNode node, String field, Pattern form) {
    JsonNode value = node.path(field);
    return value.isString() && form.matcher(value.stringValue()).matches()
        ? value.stringValue()
        : null;
  }

  private static @Nullable UUID uuid(@Nullable String text) {
    return text == null ? null : Formats.uuid(text);
  }

  /** A number with a zero fraction is an integer. */
  private static @Nullable Integer cents(JsonNode amount) {
    try {
      return amount.isNumber() ? (Integer) amount.decimalValue().intValueExact() : null;
    } catch (ArithmeticException e) {
      return null;
    }
  }

  Kind kind() {
    return Kind.of(type);
  }

  EventOrder order() {
    return new EventOrder(at, kind().rank(), id);
  }

  /** False for partial payments. */
  boolean isAbout(Order.Price price) {
    return amount.equals(new Amount(price.cents(), price.currency(), true));
  }
}

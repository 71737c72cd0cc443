package app.perpetua.flow.billing;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.sql.Row;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Objects;
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
 * @param reference the order's id
 * @param userId from the metadata
 * @param subscriptionId the subscription manager's
 * @param amountCents in the currency's minor unit
 * @param currency ISO 4217
 * @param instrumentId identifies the card or account for later charges
 */
record PaymentEvent(
    String id,
    String type,
    Instant at,
    @Nullable String paymentId,
    @Nullable UUID reference,
    @Nullable UUID userId,
    @Nullable String subscriptionId,
    @Nullable Integer amountCents,
    @Nullable String currency,
    @Nullable String instrumentId) {
  /** Types with an effect. A type that follows another one has a higher rank. */
  enum Type implements WireName {
    PAYMENT_APPROVED(10),
    PAYMENT_DECLINED(20),
    PAYMENT_CAPTURE_DECLINED(21),
    PAYMENT_EXPIRED(22),
    PAYMENT_CANCELED(23),
    PAYMENT_VOIDED(24),
    PAYMENT_CAPTURED(30),
    SUBSCRIPTION_RENEWED(31),
    SUBSCRIPTION_CANCELLED(40),
    PAYMENT_REFUNDED(50),
    DISPUTE_RECEIVED(60),
    /** Stored without an effect. */
    OTHER(0);

    private final int rank;

    Type(int rank) {
      this.rank = rank;
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
   * @throws Refusal {@code VALIDATION_ERROR} if it is not an event
   */
  static PaymentEvent parse(Json json, byte[] body, Instant now) {
    JsonNode root = tree(json, body);
    String id = text(root, "id", ID);
    String type = text(root, "type", TYPE);
    if (id == null || type == null) {
      throw Refusal.invalid(id == null ? "id" : "type", "must be printable ASCII");
    }
    String field = root.hasNonNull("created_on") ? "created_on" : "timestamp";
    JsonNode data = root.path("data");
    JsonNode metadata = data.path("metadata");
    String subscription = text(data, "subscription_id", ID);
    // A dispute's own id is in "id".
    String paymentField = data.hasNonNull("payment_id") ? "payment_id" : "id";
    return new PaymentEvent(
        id,
        type,
        time(root, field, now),
        text(data, paymentField, ID),
        uuid(text(data, data.hasNonNull("reference") ? "reference" : "payment_reference", ID)),
        uuid(text(metadata, "user_id", ID)),
        subscription == null ? text(metadata, "subscription_id", ID) : subscription,
        cents(data.path("amount")),
        text(data, "currency", CURRENCY),
        text(data.path("source"), "id", ID));
  }

  /** A stored event. */
  static PaymentEvent of(Row row, Json json) {
    byte[] body = Objects.requireNonNullElse(row.bytesOrNull("body"), new byte[0]);
    return parse(json, body, row.instant("received_at"));
  }

  private static JsonNode tree(Json json, byte[] body) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      JsonNode root = json.parse(text);
      if (root.isObject()) {
        return root;
      }
    } catch (CharacterCodingException | JacksonException e) {
      throw Refusal.of(ErrorCode.VALIDATION_ERROR, "the body is not valid JSON").because(e);
    }
    throw Refusal.of(ErrorCode.VALIDATION_ERROR, "the body must be a JSON object");
  }

  private static Instant time(JsonNode root, String field, Instant now) {
    JsonNode value = root.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return now;
    }
    try {
      Instant at = OffsetDateTime.parse(value.asString("")).toInstant();
      if (at.isAfter(EARLIEST)) {
        return (at.isAfter(now.plus(MAX_SKEW)) ? now : at).truncatedTo(ChronoUnit.MICROS);
      }
    } catch (DateTimeException e) {
      // Refused below.
    }
    throw Refusal.invalid(field, "must be an instant such as 2026-01-19T10:30:00Z");
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

  private static @Nullable Integer cents(JsonNode amount) {
    return amount.isIntegralNumber() && amount.canConvertToInt() ? amount.intValue() : null;
  }

  Type kind() {
    return Arrays.stream(Type.values())
        .filter(known -> known != Type.OTHER && known.wireName().equals(type))
        .findFirst()
        .orElse(Type.OTHER);
  }

  EventOrder order() {
    return new EventOrder(at, kind().rank, id);
  }

  /** False for partial payments and refunds. */
  boolean isAbout(Order.Price price) {
    return Integer.valueOf(price.cents()).equals(amountCents) && price.currency().equals(currency);
  }
}

package app.perpetua.flow.billing;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What the provider tells, as far as we act on it. Whatever is missing or malformed in the data is
 * null: then it matches nothing of ours.
 *
 * @param id the provider's, unique
 * @param type such as {@code payment_captured}; not necessarily one that we know
 * @param at when it happened, as the provider says
 * @param paymentId the payment that it is about
 * @param reference our order
 * @param userId whom the metadata names
 * @param subscriptionId the manager's
 * @param amountCents in the currency's minor unit
 * @param currency ISO 4217
 * @param instrumentId what further charges can be made to
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
  /** The types that we act on; what can only follow another ranks higher. */
  enum Type {
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
    /** Any other: kept, and that is all. */
    OTHER(0);

    private final int rank;

    Type(int rank) {
      this.rank = rank;
    }
  }

  private static final Pattern ID = Pattern.compile("[!-~]{1,200}");
  private static final Pattern TYPE = Pattern.compile("[!-~]{1,100}");
  private static final Pattern UUID_FORM =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final Pattern CURRENCY = Pattern.compile("[A-Z]{3}");

  /** A clock may be fast by a little; what is further ahead would outrank all that follows. */
  private static final Duration AHEAD = Duration.ofDays(1);

  private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");

  /**
   * Reads a webhook's body.
   *
   * @param now when it arrived: stands for a time that is missing, and bounds one that is ahead
   * @throws Refusal {@code VALIDATION_ERROR} if it is no event
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
    // A dispute has an id of its own.
    boolean dispute = data.hasNonNull("payment_id");
    return new PaymentEvent(
        id,
        type,
        time(root, field, now),
        text(data, dispute ? "payment_id" : "id", ID),
        uuid(text(data, data.hasNonNull("reference") ? "reference" : "payment_reference", ID)),
        uuid(text(metadata, "user_id", ID)),
        subscription == null ? text(metadata, "subscription_id", ID) : subscription,
        cents(data.path("amount")),
        text(data, "currency", CURRENCY),
        text(data.path("source"), "id", ID));
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
    JsonNode told = root.path(field);
    if (told.isMissingNode() || told.isNull()) {
      return now;
    }
    try {
      Instant at = OffsetDateTime.parse(told.asString("")).toInstant();
      if (at.isAfter(EARLIEST)) {
        return (at.isAfter(now.plus(AHEAD)) ? now : at).truncatedTo(ChronoUnit.MICROS);
      }
    } catch (DateTimeException e) {
      // Told below.
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
    return text != null && UUID_FORM.matcher(text).matches() ? UUID.fromString(text) : null;
  }

  private static @Nullable Integer cents(JsonNode amount) {
    return amount.isIntegralNumber() && amount.canConvertToInt() ? amount.intValue() : null;
  }

  /** What kind of event it is to us. */
  Type kind() {
    for (Type known : Type.values()) {
      if (known != Type.OTHER && known.name().toLowerCase(Locale.ROOT).equals(type)) {
        return known;
      }
    }
    return Type.OTHER;
  }

  /** Where it stands among others. */
  EventOrder order() {
    return new EventOrder(at, kind().rank, id);
  }
}

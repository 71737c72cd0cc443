package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Builder of a webhook with Checkout.com's usual values as defaults. Immutable. */
public final class CheckoutEvent {
  private final Map<String, @Nullable Object> envelope;
  private final Map<String, @Nullable Object> data;

  private CheckoutEvent(
      Map<String, @Nullable Object> envelope, Map<String, @Nullable Object> data) {
    this.envelope = envelope;
    this.data = data;
  }

  /** An event of that type at that time. */
  public static CheckoutEvent of(String type, Instant at) {
    Map<String, @Nullable Object> envelope = new LinkedHashMap<>();
    envelope.put("id", "evt_" + UUID.randomUUID().toString().replace("-", ""));
    envelope.put("type", type);
    envelope.put("created_on", Json.instant(at));
    Map<String, @Nullable Object> data = new LinkedHashMap<>();
    data.put("id", "pay_" + UUID.randomUUID().toString().replace("-", ""));
    data.put("action_id", "act_" + UUID.randomUUID().toString().replace("-", ""));
    data.put("currency", "USD");
    data.put("response_code", "10000");
    return new CheckoutEvent(envelope, data);
  }

  /** Sets a member of the envelope; null omits it. */
  public CheckoutEvent with(String member, @Nullable Object value) {
    return new CheckoutEvent(changed(envelope, member, value), data);
  }

  /** Sets a member of the data; null omits it. */
  public CheckoutEvent data(String member, @Nullable Object value) {
    return new CheckoutEvent(envelope, changed(data, member, value));
  }

  /** Sets the payment. */
  public CheckoutEvent payment(String id) {
    return data("id", id);
  }

  /** Sets the order. */
  public CheckoutEvent reference(UUID order) {
    return data("reference", order.toString());
  }

  /** Sets the amount, in cents. */
  public CheckoutEvent amount(int cents) {
    return data("amount", cents);
  }

  /** Sets the payment instrument. */
  public CheckoutEvent source(String id) {
    return data("source", Map.of("id", id, "type", "card"));
  }

  /** Another event of the same type and content. */
  public CheckoutEvent again() {
    return with("id", "evt_" + UUID.randomUUID().toString().replace("-", ""));
  }

  /** The envelope's id. */
  public String id() {
    return String.valueOf(envelope.get("id"));
  }

  /** The envelope's type. */
  public String type() {
    return String.valueOf(envelope.get("type"));
  }

  /** The body as it is sent. */
  public byte[] body() {
    Map<String, @Nullable Object> whole = new LinkedHashMap<>(envelope);
    whole.put("data", data);
    return new Json().bytes(whole);
  }

  /** {@code Cko-Signature} of that body. */
  public static String signature(String secret, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(body));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, @Nullable Object> changed(
      Map<String, @Nullable Object> members, String member, @Nullable Object value) {
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(members);
    if (value == null) {
      changed.remove(member);
    } else {
      changed.put(member, Objects.requireNonNull(value));
    }
    return changed;
  }
}

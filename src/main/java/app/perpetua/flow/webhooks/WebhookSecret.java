package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.Sha256;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * A key that signs the messages of an endpoint (Standard Webhooks, symmetric signatures). {@link
 * #toString} omits it. Immutable.
 */
final class WebhookSecret {
  static final String RULE = "must be whsec_ followed by 24 to 64 bytes in base64";

  private static final String PREFIX = "whsec_";
  private static final int MIN_BYTES = 24;
  private static final int MAX_BYTES = 64;
  private static final int GENERATED_BYTES = 32;

  private final byte[] key;

  /**
   * @param key 24 to 64 bytes
   */
  WebhookSecret(byte[] key) {
    this.key = key.clone();
  }

  static WebhookSecret generate(SecureRandom random) {
    byte[] key = new byte[GENERATED_BYTES];
    random.nextBytes(key);
    return new WebhookSecret(key);
  }

  /** Parses the text form; empty if it does not follow {@link #RULE}. */
  static Optional<WebhookSecret> parse(String text) {
    if (!text.startsWith(PREFIX)) {
      return Optional.empty();
    }
    try {
      byte[] key = Base64.getDecoder().decode(text.substring(PREFIX.length()));
      return key.length >= MIN_BYTES && key.length <= MAX_BYTES
          ? Optional.of(new WebhookSecret(key))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The text form, which only the user gets to see. */
  String text() {
    return PREFIX + Base64.getEncoder().encodeToString(key);
  }

  byte[] bytes() {
    return key.clone();
  }

  /**
   * Signs a message.
   *
   * @param timestamp in seconds since the epoch
   * @return the version of the scheme and the signature, for {@code webhook-signature}
   */
  String sign(UUID id, long timestamp, byte[] body) {
    ByteArrayOutputStream content = new ByteArrayOutputStream(body.length + 64);
    content.writeBytes((id + "." + timestamp + ".").getBytes(StandardCharsets.US_ASCII));
    content.writeBytes(body);
    return "v1," + Base64.getEncoder().encodeToString(Sha256.hmac(key, content.toByteArray()));
  }

  @Override
  public String toString() {
    return "WebhookSecret[***]";
  }
}

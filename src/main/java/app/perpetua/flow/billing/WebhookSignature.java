package app.perpetua.flow.billing;

import app.perpetua.flow.base.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Tells the provider's webhooks from others' (FR-048): {@code Cko-Signature} is the lower-case hex
 * HMAC-SHA256 of the body as it came. Compares in constant time. Thread-safe.
 */
public final class WebhookSignature {
  private static final String ALGORITHM = "HmacSHA256";

  private final List<SecretKeySpec> keys;
  private final Optional<Secret> authorization;

  /**
   * @param secrets any of which may have signed, while one replaces the other; empty ones never did
   * @param authorization what the {@code Authorization} header must be, if anything
   */
  public WebhookSignature(List<Secret> secrets, Optional<Secret> authorization) {
    this.keys =
        secrets.stream()
            .filter(secret -> !secret.value().isBlank())
            .map(secret -> new SecretKeySpec(bytes(secret.value()), ALGORITHM))
            .toList();
    this.authorization = authorization;
  }

  /**
   * True if the provider sent it.
   *
   * @param body as it came
   * @param signature {@code Cko-Signature}; null if there is none
   * @param given {@code Authorization}; null if there is none
   */
  public boolean verifies(byte[] body, @Nullable String signature, @Nullable String given) {
    byte[] told = bytes(signature == null ? "" : signature);
    boolean signed = false;
    for (SecretKeySpec key : keys) {
      // No short cut: how long it takes tells nothing of which key, or how much of it.
      signed |= MessageDigest.isEqual(bytes(HexFormat.of().formatHex(mac(key, body))), told);
    }
    boolean authorized =
        authorization
            .map(
                secret ->
                    MessageDigest.isEqual(bytes(secret.value()), bytes(given == null ? "" : given)))
            .orElse(true);
    return signed && authorized;
  }

  private static byte[] mac(SecretKeySpec key, byte[] body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac.doFinal(body);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has " + ALGORITHM, e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

package app.perpetua.flow.billing;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Verifies webhooks (FR-048): {@code Cko-Signature} is the HMAC-SHA256 of the body in lower-case
 * hex. Compares in constant time. Thread-safe.
 */
final class WebhookSignature {
  private final List<byte[]> keys;
  private final Optional<Secret> authorization;

  /**
   * @param secrets each is accepted, for rotation; blank ones are ignored
   * @param authorization required value of the {@code Authorization} header
   */
  WebhookSignature(List<Secret> secrets, Optional<Secret> authorization) {
    this.keys =
        secrets.stream()
            .filter(secret -> !secret.value().isBlank())
            .map(secret -> bytes(secret.value()))
            .toList();
    this.authorization = authorization;
  }

  /**
   * @param signature {@code Cko-Signature}; null if missing
   * @param authorizationHeader null if missing
   */
  boolean verifies(byte[] body, @Nullable String signature, @Nullable String authorizationHeader) {
    byte[] presented = bytes(signature == null ? "" : signature);
    boolean signed = false;
    for (byte[] key : keys) {
      // Tries all keys, so that the duration does not reveal which one matches.
      byte[] expected = bytes(HexFormat.of().formatHex(Sha256.hmac(key, body)));
      signed |= MessageDigest.isEqual(expected, presented);
    }
    boolean authorized =
        authorization
            .map(
                secret ->
                    MessageDigest.isEqual(
                        bytes(secret.value()),
                        bytes(authorizationHeader == null ? "" : authorizationHeader)))
            .orElse(true);
    return signed && authorized;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

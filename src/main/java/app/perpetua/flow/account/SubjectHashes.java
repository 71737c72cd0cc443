package app.perpetua.flow.account;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;

/**
 * Keyed hashes (HMAC-SHA256) of Google subjects, which recognize a person after their account was
 * deleted (FR-071). Without the key, a hash reveals nothing about the subject. Thread-safe.
 */
final class SubjectHashes {
  private final List<byte[]> keys;

  /**
   * @param keys the first is the current one, the others are previous ones; not empty
   */
  SubjectHashes(List<Secret> keys) {
    this.keys = keys.stream().map(key -> key.value().getBytes(StandardCharsets.UTF_8)).toList();
  }

  /** The hash of a subject with the current key; 32 bytes. */
  byte[] current(String subject) {
    return all(subject).getFirst();
  }

  /** The hashes of a subject with the current key and each previous one. */
  List<byte[]> all(String subject) {
    return keys.stream().map(key -> hash(key, "former account", subject)).toList();
  }

  /**
   * The key of the rate limits of a subject's accounts, one after the other. Changes with the
   * current key.
   */
  UUID limitId(String subject) {
    ByteBuffer hash = ByteBuffer.wrap(hash(keys.getFirst(), "limits", subject));
    return new UUID(hash.getLong(), hash.getLong());
  }

  private static byte[] hash(byte[] key, String purpose, String subject) {
    return Sha256.hmac(key, (purpose + ":" + subject).getBytes(StandardCharsets.UTF_8));
  }
}

package app.perpetua.flow.parsing;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Authenticates cursors. Processes with the same secret accept each other's cursors; after a change
 * of the secret, clients start again at the first page. Immutable.
 */
public final class CursorKey {
  private final byte[] key;

  /**
   * @param secret any secret of the service; the key is derived from it for this purpose
   */
  public CursorKey(Secret secret) {
    key =
        Sha256.hmac(
            secret.value().getBytes(StandardCharsets.UTF_8),
            "cursors of lists".getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The cursors of a list.
   *
   * @param list the path template of the list
   * @param userId null on a route without a user, which has no list
   */
  public Cursors of(String list, @Nullable UUID userId) {
    return new Cursors(this, list, userId);
  }

  /**
   * HMAC-SHA256 of what the cursor is valid for, then of what it contains.
   *
   * @param scope has a fixed length
   */
  byte[] authenticate(byte[] scope, byte[] content) {
    return Sha256.hmac(
        key, ByteBuffer.allocate(scope.length + content.length).put(scope).put(content).array());
  }
}

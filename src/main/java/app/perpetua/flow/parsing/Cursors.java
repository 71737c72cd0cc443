package app.perpetua.flow.parsing;

import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.sql.PageRequest.Position;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The cursors of one list as one user sees it (FR-118). A cursor contains the position of a row and
 * a code that authenticates it together with the list, the user, the filters and the order, so that
 * no other cursor is accepted. It is valid in every process that has the same key. Immutable.
 *
 * <p>Layout, in base64url: version (1 byte), code (16 bytes, HMAC-SHA256 cut off), id (16 bytes),
 * sort key (UTF-8).
 */
public final class Cursors {
  private static final byte VERSION = 1;
  private static final int CODE_BYTES = 16;

  /** More than any cursor has, so that a long one is not decoded. */
  private static final int MAX_LENGTH = 200;

  private final CursorKey key;
  private final String list;
  private final String owner;

  Cursors(CursorKey key, String list, @Nullable UUID userId) {
    this.key = key;
    this.list = list;
    this.owner = String.valueOf(userId);
  }

  /**
   * Renders a position.
   *
   * @param filter what selects and sorts the rows
   */
  String render(Position position, String filter) {
    byte[] content = content(position);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(
            ByteBuffer.allocate(1 + CODE_BYTES + content.length)
                .put(VERSION)
                .put(code(content, filter))
                .put(content)
                .array());
  }

  /** Parses a cursor; null if it is none of this list, user and filter. */
  @Nullable Position parse(String cursor, String filter) {
    if (cursor.length() > MAX_LENGTH) {
      return null;
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(cursor));
      byte version = bytes.get();
      byte[] code = new byte[CODE_BYTES];
      bytes.get(code);
      byte[] content = new byte[bytes.remaining()];
      bytes.get(content);
      if (version != VERSION || !MessageDigest.isEqual(code, code(content, filter))) {
        return null;
      }
      ByteBuffer parts = ByteBuffer.wrap(content);
      UUID id = new UUID(parts.getLong(), parts.getLong());
      Position position = new Position(StandardCharsets.UTF_8.decode(parts).toString(), id);
      // The decoder ignores bits that the last character has too many.
      return render(position, filter).equals(cursor) ? position : null;
    } catch (IllegalArgumentException | BufferUnderflowException e) {
      return null;
    }
  }

  private static byte[] content(Position position) {
    byte[] key = position.key().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 * Long.BYTES + key.length)
        .putLong(position.id().getMostSignificantBits())
        .putLong(position.id().getLeastSignificantBits())
        .put(key)
        .array();
  }

  private byte[] code(byte[] content, String filter) {
    // The lengths of the parts before the content are fixed by their first line break.
    String scope = list + "\n" + owner + "\n" + filter.length() + "\n" + filter;
    return Arrays.copyOf(
        key.authenticate(Sha256.hash(scope.getBytes(StandardCharsets.UTF_8)), content), CODE_BYTES);
  }
}

package app.perpetua.flow.fake;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A real WebM file of silence in Opus, 48 kHz, mono, as a browser's recorder streams it: the header
 * first, then a cluster for every 100 ms (RFC 8794, RFC 9559, RFC 7845).
 */
public final class WebmFile {
  private static final int PACKET_MILLIS = 20;
  private static final int CLUSTER_MILLIS = 100;

  /** Opus, RFC 6716: CELT, fullband, 20 ms, mono, silence. */
  private static final byte[] SILENCE = {(byte) 0xf8, (byte) 0xff, (byte) 0xfe};

  private static final long UNKNOWN_LENGTH = 0x01ff_ffff_ffff_ffffL;

  private WebmFile() {}

  /**
   * Pieces as a recorder emits them: the header with the first 100 ms, then 100 ms each.
   *
   * @param count at least 1
   */
  public static List<byte[]> pieces(int count) {
    List<byte[]> pieces = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] cluster = cluster(i * CLUSTER_MILLIS);
      pieces.add(i == 0 ? joined(header(), cluster) : cluster);
    }
    return pieces;
  }

  private static byte[] header() {
    byte[] ebml =
        element(
            0x1a45dfa3,
            joined(
                number(0x4286, 1),
                number(0x42f7, 1),
                number(0x42f2, 4),
                number(0x42f3, 8),
                text(0x4282, "webm"),
                number(0x4287, 4),
                number(0x4285, 2)));
    byte[] info =
        element(
            0x1549a966,
            joined(number(0x2ad7b1, 1_000_000), text(0x4d80, "test"), text(0x5741, "test")));
    byte[] audio =
        element(
            0xe1,
            joined(element(0xb5, bytes(Double.doubleToLongBits(48_000), 8)), number(0x9f, 1)));
    byte[] track =
        element(
            0xae,
            joined(
                number(0xd7, 1),
                number(0x73c5, 1),
                number(0x83, 2),
                text(0x86, "A_OPUS"),
                element(0x63a2, opusHead()),
                audio));
    // The segment's length is unknown while recording.
    byte[] segment = joined(bytes(0x18538067L, 4), bytes(UNKNOWN_LENGTH, 8));
    return joined(ebml, segment, info, element(0x1654ae6b, track));
  }

  private static byte[] opusHead() {
    ByteBuffer head = ByteBuffer.allocate(19).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    head.put("OpusHead".getBytes(StandardCharsets.US_ASCII));
    head.put((byte) 1).put((byte) 1).putShort((short) 312).putInt(48_000).putShort((short) 0);
    return head.put((byte) 0).array();
  }

  private static byte[] cluster(int millis) {
    ByteArrayOutputStream blocks = new ByteArrayOutputStream();
    blocks.writeBytes(number(0xe7, millis));
    for (int at = 0; at < CLUSTER_MILLIS; at += PACKET_MILLIS) {
      byte[] block = joined(new byte[] {(byte) 0x81}, bytes(at, 2), new byte[] {(byte) 0x80});
      blocks.writeBytes(element(0xa3, joined(block, SILENCE)));
    }
    return element(0x1f43b675, blocks.toByteArray());
  }

  private static byte[] number(int id, long value) {
    int length = Math.max(1, (64 - Long.numberOfLeadingZeros(value) + 7) / 8);
    return element(id, bytes(value, length));
  }

  private static byte[] text(int id, String value) {
    return element(id, value.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] element(int id, byte[] content) {
    int idLength = (32 - Integer.numberOfLeadingZeros(id) + 7) / 8;
    // A length in two bytes: 14 bits after the marker.
    return joined(bytes(id & 0xffff_ffffL, idLength), bytes(0x4000 | content.length, 2), content);
  }

  private static byte[] bytes(long value, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (value >>> (8 * (length - 1 - i)));
    }
    return bytes;
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}

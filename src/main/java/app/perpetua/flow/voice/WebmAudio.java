package app.perpetua.flow.voice;

import java.util.Arrays;

/**
 * Recognizes a WebM stream (RFC 9559) and measures its audio by the timestamps of its blocks, so
 * that minutes are charged before they are relayed, however fast the audio arrives. Behind data
 * that is not WebM it measures nothing more; then only the provider's results do. Bounded memory.
 * Confined to one thread.
 */
final class WebmAudio {
  /** The id of an EBML header, with which every WebM file starts (RFC 8794, section 11.2.1). */
  private static final byte[] EBML = {0x1a, 0x45, (byte) 0xdf, (byte) 0xa3};

  private static final long SEGMENT = 0x18538067L;
  private static final long INFO = 0x1549a966L;
  private static final long TIMESTAMP_SCALE = 0x2ad7b1L;
  private static final long CLUSTER = 0x1f43b675L;
  private static final long TIMESTAMP = 0xe7L;
  private static final long SIMPLE_BLOCK = 0xa3L;
  private static final long BLOCK_GROUP = 0xa0L;
  private static final long BLOCK = 0xa1L;

  private static final int MAX_ID = 4;
  private static final int MAX_SIZE = 8;

  /** A block's track number of at most eight bytes and its timestamp. */
  private static final int MAX_CONTENT = 10;

  private static final double DEFAULT_SCALE_NANOS = 1e6;
  private static final double SECOND_NANOS = 1e9;

  /** Data that is too short to recognize its format. */
  private byte[] firstBytes = {};

  private boolean isRecognized;
  private boolean isRejected;
  private boolean isUnreadable;

  /** Id and size of an element, as far as they have arrived. */
  private final byte[] header = new byte[MAX_ID + MAX_SIZE];

  private int headerLength;
  private long id;

  /** The beginning of an element's content, as far as it is needed. */
  private final byte[] content = new byte[MAX_CONTENT];

  private int contentLength;
  private int contentNeeded;
  private long skip;

  private double scaleNanos = DEFAULT_SCALE_NANOS;
  private double clusterTicks;
  private double firstTicks = Double.NaN;
  private double ticks;

  /**
   * Reads the next message. Recorders may send the first byte alone, so nothing is accepted before
   * there are four.
   *
   * @return what can be relayed: the message, the first one with all bytes before it; or empty
   */
  byte[] accept(byte[] bytes) {
    byte[] accepted = bytes;
    if (!isRecognized) {
      accepted = Arrays.copyOf(firstBytes, firstBytes.length + bytes.length);
      System.arraycopy(bytes, 0, accepted, firstBytes.length, bytes.length);
      if (isRejected || accepted.length < EBML.length) {
        firstBytes = accepted;
        return new byte[0];
      }
      firstBytes = new byte[0];
      if (!Arrays.equals(EBML, Arrays.copyOf(accepted, EBML.length))) {
        isRejected = true;
        return firstBytes;
      }
      isRecognized = true;
    }
    read(accepted);
    return accepted;
  }

  /** Whether the data is not WebM. */
  boolean isRejected() {
    return isRejected;
  }

  /** From the first block to the last one so far. */
  double seconds() {
    return ticks * scaleNanos / SECOND_NANOS;
  }

  private void read(byte[] bytes) {
    int at = 0;
    while (at < bytes.length && !isUnreadable) {
      if (contentLength < contentNeeded) {
        content[contentLength++] = bytes[at++];
        if (contentLength == contentNeeded) {
          onContent();
        }
      } else if (skip > 0) {
        int skipped = (int) Math.min(skip, bytes.length - at);
        skip -= skipped;
        at += skipped;
      } else {
        header[headerLength++] = bytes[at++];
        readHeader();
      }
    }
  }

  /** Reads the header if it is complete. */
  private void readHeader() {
    int idLength = length(header[0]);
    if (idLength > MAX_ID) {
      isUnreadable = true;
    } else if (headerLength > idLength) {
      int sizeLength = length(header[idLength]);
      if (sizeLength > MAX_SIZE) {
        isUnreadable = true;
      } else if (headerLength == idLength + sizeLength) {
        id = number(header, 0, idLength);
        long mask = (1L << (7 * sizeLength)) - 1;
        long size = number(header, idLength, sizeLength) & mask;
        headerLength = 0;
        onElement(size, size == mask);
      }
    }
  }

  private void onElement(long size, boolean isUnknownSize) {
    if (id == SEGMENT || id == INFO || id == CLUSTER || id == BLOCK_GROUP) {
      // Their elements follow.
      return;
    }
    if (isUnknownSize) {
      isUnreadable = true;
      return;
    }
    boolean isNeeded =
        id == TIMESTAMP || id == TIMESTAMP_SCALE || id == SIMPLE_BLOCK || id == BLOCK;
    contentLength = 0;
    contentNeeded = isNeeded ? (int) Math.min(size, MAX_CONTENT) : 0;
    skip = size - contentNeeded;
  }

  private void onContent() {
    if (id == TIMESTAMP) {
      clusterTicks = (double) number(content, 0, Math.min(contentLength, MAX_SIZE));
    } else if (id == TIMESTAMP_SCALE) {
      scaleNanos = (double) Math.max(1, number(content, 0, Math.min(contentLength, MAX_SIZE)));
    } else {
      int track = length(content[0]);
      if (track + 2 <= contentLength) {
        onBlock(clusterTicks + (short) number(content, track, 2));
      }
    }
  }

  private void onBlock(double at) {
    if (Double.isNaN(firstTicks)) {
      firstTicks = at;
    }
    ticks = Math.max(ticks, at - firstTicks);
  }

  /** The length of a variable-size integer by its first byte (RFC 8794, section 4); 9 if none. */
  private static int length(byte first) {
    return Integer.numberOfLeadingZeros(first & 0xff) - Integer.SIZE + Byte.SIZE + 1;
  }

  private static long number(byte[] bytes, int from, int length) {
    long number = 0;
    for (int i = from; i < from + length; i++) {
      number = (number << 8) | (bytes[i] & 0xff);
    }
    return number;
  }
}

package app.perpetua.flow.fake;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * WebSocket frames (RFC 6455, section 5.2) over a socket's streams, well formed or not. One thread
 * may read; any may write.
 */
public final class Frames {
  public static final int CONTINUATION = 0;
  public static final int TEXT = 1;
  public static final int BINARY = 2;
  public static final int CLOSE = 8;
  public static final int PING = 9;
  public static final int PONG = 10;

  /** For a client: each frame is masked, with a mask that does not change it. */
  private static final int MASKED = 0x80;

  private static final int HEAD_LIMIT = 16 * 1024;

  /**
   * A frame.
   *
   * @param last whether its message ends with it
   */
  public record Frame(int code, boolean last, byte[] payload) {
    /** The payload as text. */
    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    /** The code of a close frame; 1005 if it has none. */
    public int closeCode() {
      return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xffff;
    }
  }

  /**
   * The head of an HTTP message.
   *
   * @param start its first line
   * @param headers by lower-case name
   */
  public record Head(String start, Map<String, String> headers) {}

  private final DataInputStream in;
  private final OutputStream out;
  private final boolean masking;

  /**
   * @param masking whether written frames are masked, as a client's must be
   */
  public Frames(InputStream in, OutputStream out, boolean masking) {
    this.in = new DataInputStream(in);
    this.out = out;
    this.masking = masking;
  }

  /** The {@code Sec-WebSocket-Accept} of a client's key. */
  public static String accept(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1")
              .digest(
                  (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                      .getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Reads an HTTP head, up to its empty line. */
  public Head head() throws IOException {
    StringBuilder text = new StringBuilder();
    while (!text.toString().endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0 || text.length() > HEAD_LIMIT) {
        throw new EOFException("in a head: " + text);
      }
      text.append((char) next);
    }
    String[] lines = text.toString().split("\r\n", -1);
    Map<String, String> headers = new TreeMap<>();
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
      String[] halves = lines[i].split(":", 2);
      headers.put(halves[0].toLowerCase(Locale.ROOT), halves[halves.length - 1].strip());
    }
    return new Head(lines[0], headers);
  }

  /** Reads this many bytes of an HTTP body. */
  public byte[] body(int length) throws IOException {
    return in.readNBytes(length);
  }

  /** The next frame. */
  public Frame read() throws IOException {
    int first = in.readUnsignedByte();
    int second = in.readUnsignedByte();
    long length = second & 0x7f;
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = in.readLong();
    }
    byte[] mask = (second & MASKED) == 0 ? new byte[4] : in.readNBytes(4);
    byte[] payload = in.readNBytes(Math.toIntExact(length));
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= mask[i % 4];
    }
    return new Frame(first & 0x0f, (first & 0x80) != 0, payload);
  }

  /** Writes a text message. */
  public void text(String text) throws IOException {
    write(TEXT, true, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a close frame. */
  public void close(int code, String reason) throws IOException {
    byte[] words = reason.getBytes(StandardCharsets.US_ASCII);
    write(
        CLOSE,
        true,
        ByteBuffer.allocate(2 + words.length).putShort((short) code).put(words).array());
  }

  /** Writes a frame. */
  public void write(int code, boolean last, byte[] payload) throws IOException {
    write(code, last, payload, masking);
  }

  /** Writes a frame, masked or not. */
  public synchronized void write(int code, boolean last, byte[] payload, boolean masked)
      throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
    frame.put((byte) ((last ? 0x80 : 0) | code));
    int bit = masked ? MASKED : 0;
    if (payload.length < 126) {
      frame.put((byte) (bit | payload.length));
    } else if (payload.length < 1 << 16) {
      frame.put((byte) (bit | 126)).putShort((short) payload.length);
    } else {
      frame.put((byte) (bit | 127)).putLong(payload.length);
    }
    if (masked) {
      frame.putInt(0);
    }
    frame.put(payload);
    out.write(frame.array(), 0, frame.position());
    out.flush();
  }
}

package app.perpetua.flow.imports.readers;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A file with what is needed to read it: the same results in each run, whatever the time.
 *
 * @param bytes as sent; not modified
 * @param compressed with gzip
 * @param maxBytes uncompressed
 * @param list for tasks of which the file names none; null for the inbox
 * @param zone of times without one
 * @param now when the file was sent
 */
public record SourceFile(
    byte[] bytes,
    boolean compressed,
    long maxBytes,
    @Nullable String list,
    ZoneId zone,
    Instant now) {
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final int BYTE_ORDER_MARK = 0xfeff;

  /** More bytes than a file may have, which may be much more than it was compressed to. */
  public static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    private TooLargeException() {
      super("too large", null);
    }
  }

  /** The uncompressed bytes, from the beginning. */
  InputStream open() throws IOException {
    InputStream sent = new ByteArrayInputStream(bytes);
    return new Limited(compressed ? new GZIPInputStream(sent, BUFFER_BYTES) : sent, maxBytes);
  }

  /** The text, without a byte order mark; fails on what is not UTF-8. */
  Reader text() throws IOException {
    Reader reader =
        new InputStreamReader(
            open(),
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    PushbackReader text = new PushbackReader(new BufferedReader(reader));
    int first = text.read();
    if (first >= 0 && first != BYTE_ORDER_MARK) {
      text.unread(first);
    }
    return text;
  }

  private static final class Limited extends FilterInputStream {
    private long left;

    Limited(InputStream in, long max) {
      super(in);
      this.left = max;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = in.read(buffer, offset, length);
      left -= Math.max(0, read);
      if (left < 0) {
        throw new TooLargeException();
      }
      return read;
    }
  }
}

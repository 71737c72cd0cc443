package app.perpetua.flow.base;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes that are too many for the memory, in a temporary file. The file has no name from its
 * creation on, so the system frees it when the process ends, however it ends. Written once, then
 * read. Not thread-safe.
 */
public final class Spool implements AutoCloseable {
  private final FileChannel file;
  private final long maxBytes;

  private Spool(FileChannel file, long maxBytes) {
    this.file = file;
    this.maxBytes = maxBytes;
  }

  /** The limit is exceeded. */
  public static final class FullException extends IOException {
    private static final long serialVersionUID = 1L;

    private FullException(long maxBytes) {
      super("more than " + maxBytes + " bytes");
    }
  }

  /**
   * Creates an empty one in the directory for temporary files.
   *
   * @param maxBytes more are refused with {@link FullException}
   * @throws IOException if the directory cannot be written to
   */
  public static Spool create(long maxBytes) throws IOException {
    Path path = Files.createTempFile("perpetua-flow", ".tmp");
    try {
      return new Spool(
          FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE), maxBytes);
    } finally {
      Files.delete(path);
    }
  }

  /** Appends to it. Closing the stream does not close the file. */
  public OutputStream output() {
    return new FilterOutputStream(Channels.newOutputStream(file)) {
      private long written;

      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        written += length;
        if (written > maxBytes) {
          throw new FullException(maxBytes);
        }
        out.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        flush();
      }
    };
  }

  public long size() throws IOException {
    return file.size();
  }

  /** Reads it from the beginning. Closing the stream closes the file. */
  public InputStream input() throws IOException {
    file.position(0);
    return Channels.newInputStream(file);
  }

  /** Frees the bytes. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}

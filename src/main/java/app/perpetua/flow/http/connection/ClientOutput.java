package app.perpetua.flow.http.connection;

import java.io.IOException;
import java.io.OutputStream;

/**
 * The body of a streamed answer, which knows whether it failed because the client could not be
 * written to. Its users take turns, as those of any stream.
 */
public final class ClientOutput extends OutputStream {
  private interface Write {
    void run() throws IOException;
  }

  private final OutputStream out;
  private volatile boolean disconnected;

  public ClientOutput(OutputStream out) {
    this.out = out;
  }

  /** Whether the client has closed the connection, or was disconnected as too slow. */
  public boolean isDisconnected() {
    return disconnected;
  }

  @Override
  public void write(int octet) throws IOException {
    attempt(() -> out.write(octet));
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    attempt(() -> out.write(bytes, from, length));
  }

  @Override
  public void flush() throws IOException {
    attempt(out::flush);
  }

  @Override
  public void close() throws IOException {
    attempt(out::close);
  }

  private void attempt(Write write) throws IOException {
    try {
      write.run();
    } catch (IOException | RuntimeException e) {
      disconnected = true;
      throw e;
    }
  }
}

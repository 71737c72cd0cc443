package app.perpetua.flow.bench;

import app.perpetua.flow.harness.FreePort;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.file.Path;

/** A relay of words in Node, without anything but its own HTTP, as a process. */
final class Relay implements AutoCloseable {
  private static final Path SCRIPT = Path.of("src/bench/npm/relay/relay.mjs");

  private final Process process;
  private final int port;

  /**
   * Starts it and waits until it listens.
   *
   * @param log receives its errors
   */
  Relay(URI upstream, String key, Path log) throws IOException {
    port = FreePort.find();
    ProcessBuilder builder =
        new ProcessBuilder("node", SCRIPT.toString())
            .redirectError(Redirect.appendTo(log.toFile()));
    builder.environment().put("PORT", Integer.toString(port));
    builder.environment().put("OPENAI_BASE_URL", upstream.toString());
    builder.environment().put("OPENAI_API_KEY", key);
    process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    if (!"ready".equals(process.inputReader().readLine())) {
      close();
      throw new IOException("the relay does not start, " + log + " says why");
    }
  }

  /** Whether there is anything to run it. */
  static boolean hasNode() throws InterruptedIOException {
    try {
      return new ProcessBuilder("node", "--version")
              .redirectOutput(Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}

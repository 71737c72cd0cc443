package app.perpetua.flow.bench.process;

import app.perpetua.flow.harness.FreePort;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.file.Path;

/** A Node process that relays chat streams, using only Node's HTTP module. */
public final class Relay implements AutoCloseable {
  private static final Path SCRIPT = Path.of("src/bench/npm/relay/relay.mjs");

  private final Process process;
  private final int port;

  /**
   * Starts the relay and waits until it listens.
   *
   * @param log file for its errors
   */
  public Relay(URI upstream, String key, Path log) throws IOException {
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
      throw new IOException("the relay did not start, " + log + " has the reason");
    }
  }

  public int port() {
    return port;
  }

  public long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}

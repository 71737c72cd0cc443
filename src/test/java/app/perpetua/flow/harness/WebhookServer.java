package app.perpetua.flow.harness;

import app.perpetua.flow.fake.WebhookReceiver;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A {@link WebhookReceiver} on a loopback port of its own. Thread-safe. */
public final class WebhookServer implements AutoCloseable {
  private final WebhookReceiver receiver;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** Starts listening. */
  public WebhookServer(Clock clock) {
    receiver = new WebhookReceiver(clock, Integer.MAX_VALUE);
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", receiver);
    server.setExecutor(threads);
    server.start();
  }

  /** What it has received, and how it answers. */
  public WebhookReceiver receiver() {
    return receiver;
  }

  /** The origin of all of its URLs. */
  public String origin() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    receiver.close();
    server.stop(0);
    threads.shutdownNow();
  }
}

package app.perpetua.flow.dev.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.sql.Eventually;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetricsSamplerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final AtomicInteger scrapes = new AtomicInteger();
  private volatile int status = 200;
  private HttpServer service;

  @BeforeEach
  void start() throws IOException {
    service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    service.createContext(
        "/metrics",
        exchange -> {
          try (exchange) {
            byte[] text =
                ("hikaricp_connections_active " + scrapes.incrementAndGet() + "\n")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, text.length);
            exchange.getResponseBody().write(text);
          }
        });
    service.start();
  }

  @AfterEach
  void stop() {
    service.stop(0);
  }

  private MetricsSampler sampler() {
    MetricsSampler.Target here =
        new MetricsSampler.Target("service", 1, service.getAddress().getPort());
    MetricsSampler.Target gone = new MetricsSampler.Target("worker 1", 2, FreePort.find());
    return new MetricsSampler(
        () -> List.of(gone, here), Duration.ofMillis(1), Clock.systemUTC(), System::nanoTime);
  }

  @Test
  void processes_are_measured_again_and_again_without_those_that_do_not_answer() {
    try (MetricsSampler sampler = sampler()) {
      Eventually.within(LIMIT, () -> sampler.recent().samples().size() >= 2);
      assertEquals(2, sampler.recent().samples().getFirst().poolActive());
      assertEquals(3, sampler.recent().samples().get(1).poolActive());
    }
  }

  @Test
  void an_error_is_no_measurement() {
    status = 503;
    try (MetricsSampler sampler = sampler()) {
      Eventually.within(LIMIT, () -> scrapes.get() >= 3);
      assertEquals(List.of(), sampler.recent().samples());
    }
  }
}

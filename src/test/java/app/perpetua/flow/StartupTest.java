package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.SigningKey;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.TcpProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the service does from the start of its process until it is ready. */
class StartupTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @Test
  void FR_115_a_service_without_a_database_is_live_and_waits_for_it() throws Exception {
    int port = FreePort.find();
    try (TcpProxy proxy = new TcpProxy(databasePort());
        ExecutorService starter = Executors.newSingleThreadExecutor();
        App app = app(port, proxy.port());
        Api api = new Api(URI.create("http://127.0.0.1:" + port))) {
      proxy.cut();
      Future<?> start = starter.submit(app::start);
      Eventually.within(LIMIT, () -> listens(port) && proxy.refused() >= 2);
      api.get("/health/live").expect(200);
      assertEquals(
          "{\"status\":\"error\",\"checks\":{\"database\":\"error\",\"migrations\":\"error\"}}",
          api.get("/health/ready").expect(503).text());
      Api.Answer refused = api.get("/api/v1/tasks").expect(503, "SERVICE_UNAVAILABLE");
      assertEquals("1", refused.header("Retry-After").orElseThrow());
      assertEquals(503, upgrade(port));
      assertFalse(start.isDone());
      proxy.heal();
      start.get();
      Eventually.within(LIMIT, () -> api.get("/health/ready").status() == 200);
      api.get("/api/v1/tasks").expect(401, "UNAUTHORIZED");
    }
  }

  @Test
  void FR_115_a_service_that_waits_for_its_database_stops_at_once() throws Exception {
    int port = FreePort.find();
    try (TcpProxy proxy = new TcpProxy(databasePort());
        ExecutorService starter = Executors.newSingleThreadExecutor()) {
      proxy.cut();
      App app = app(port, proxy.port());
      Future<?> start = starter.submit(app::start);
      Eventually.within(LIMIT, () -> listens(port) && proxy.refused() >= 2);
      app.close();
      start.get();
      assertFalse(listens(port));
    }
  }

  @Test
  void a_port_in_use_is_reported_even_if_the_database_is_away() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      App app = app(taken.getLocalPort(), FreePort.find());
      App.StartupException failed = assertThrows(App.StartupException.class, app::start);
      assertEquals(
          "cannot listen on port "
              + taken.getLocalPort()
              + ": another process uses it, or this user may not open it",
          failed.getMessage());
    }
  }

  private static int upgrade(int port) throws IOException {
    try (RawClient client = new RawClient(port)) {
      return client
          .request(
              "GET",
              "/api/v1/ws/voice/transcribe",
              "Connection: Upgrade",
              "Upgrade: websocket",
              "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
          .status();
    }
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static int databasePort() {
    return URI.create(TestService.url(database.url())).getPort();
  }

  private static App app(int port, int databasePort) {
    Map<String, String> environment = new HashMap<>();
    environment.put("PORT", Integer.toString(port));
    environment.put(
        "DATABASE_URL",
        TestService.url(database.url())
            .replaceFirst("@[^/]+/", "@127.0.0.1:" + databasePort + "/"));
    environment.put("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.put("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    environment.put("SHUTDOWN_DELAY_SECONDS", "0");
    return new App(Config.load(environment), Role.ALL, Clock.systemUTC());
  }
}

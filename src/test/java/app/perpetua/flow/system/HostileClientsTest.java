package app.perpetua.flow.system;

import static app.perpetua.flow.system.HostileClients.ascii;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Promises 21 and 23: with a heap of 256 MB the service survives clients that take as much memory
 * and as many connections as they can, and goes on to serve everybody else. Prints what other users
 * waited, with and without the attack.
 */
@Tag("system")
class HostileClientsTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int REQUESTS = Integer.getInteger("perpetua.test.requests", 40);
  private static final int TASKS_EACH = 100;
  private static final byte[] HALF_BODY = new byte[250_000];
  private static final byte[] HALF_FRAME = new byte[200_000];
  private static final Pattern HEAP =
      Pattern.compile("(?m)^jvm_memory_used_bytes\\{area=\"heap\"[^}]*} ([0-9.E]+)$");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  private record Attack(
      String name, int connections, int addresses, HostileClients.Script script) {}

  /** Somebody who uses the service meanwhile. */
  private record OtherUser(Jar jar, TestService.Session session, String task) {
    static OtherUser of(Jar jar) {
      TestService.Session session = stage.newUser(stage.api(jar));
      String task = "";
      for (int i = 0; i < TASKS_EACH; i++) {
        task = create(session, "x".repeat(1_000));
      }
      return new OtherUser(jar, session, task);
    }

    private static String create(TestService.Session session, String description) {
      return session
          .api()
          .post(TASKS, Map.of("title", "Water the plants", "description", description))
          .expect(201)
          .data()
          .get("id")
          .stringValue();
    }

    /** How long each request took that was answered as it should be, shortest first. */
    List<Duration> useIt() throws IOException {
      List<Duration> taken = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        long start = System.nanoTime();
        switch (i % 4) {
          case 0 -> create(session, "");
          case 1 -> session.api().get(TASKS).expect(200);
          case 2 -> session.api().get(TASKS + "/" + task).expect(200);
          default -> probe();
        }
        taken.add(Duration.ofNanos(System.nanoTime() - start));
      }
      taken.sort(null);
      return taken;
    }

    /** As a platform does: by a connection of its own. */
    void probe() throws IOException {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), jar.port())) {
        socket.setSoTimeout((int) LIMIT.toMillis());
        socket.getOutputStream().write(ascii(head("GET", "/health/live", "Connection: close")));
        byte[] answer = socket.getInputStream().readAllBytes();
        assertTrue(new String(answer, StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200 OK"));
      }
    }
  }

  @Test
  void P21_P23_whatever_clients_send_the_heap_holds_and_others_are_served() throws Exception {
    Map<String, String> environment = new HashMap<>(stage.environment());
    environment.put("FREE_MAX_TASKS", "1000000");
    environment.put("DEEPGRAM_API_KEY", "unused");
    Jar jar =
        stage
            .startWith(
                List.of("-Xmx256m", "-XX:+ExitOnOutOfMemoryError"), Stage.freePort(), environment)
            .awaitReady();
    OtherUser attacker = OtherUser.of(jar);
    OtherUser other = OtherUser.of(jar);
    other.useIt();
    System.out.printf("without an attack: p95 %d ms%n", p95(other.useIt()));
    for (Attack attack : attacks(attacker.session().accessToken())) {
      survive(attack, other);
    }
    Invariants.check(database);
  }

  private static void survive(Attack attack, OtherUser other) throws IOException {
    Jar jar = other.jar();
    List<Duration> taken;
    String metrics;
    try (HostileClients clients =
        new HostileClients(jar.port(), attack.connections(), attack.addresses(), attack.script())) {
      Eventually.within(LIMIT, () -> clients.started() >= attack.connections());
      taken = other.useIt();
      metrics = other.session().api().get("/metrics").expect(200).text();
    }
    other.probe();
    assertTrue(jar.isAlive(), attack.name());
    assertFalse(jar.all().contains("OutOfMemoryError"), attack.name());
    System.out.printf(
        "beside %d connections from %d addresses with %s: p95 %d ms; heap %d MB%n",
        attack.connections(), attack.addresses(), attack.name(), p95(taken), heap(metrics) >> 20);
  }

  private static long p95(List<Duration> taken) {
    return taken.get(taken.size() * 95 / 100).toMillis();
  }

  private static long heap(String metrics) {
    long used = 0;
    Matcher each = HEAP.matcher(metrics);
    while (each.find()) {
      used += (long) Double.parseDouble(each.group(1));
    }
    return used;
  }

  private static String head(String method, String path, String... headers) {
    return method
        + " "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\n"
        + String.join("", List.of(headers).stream().map(header -> header + "\r\n").toList())
        + "\r\n";
  }

  private static HostileClients.Script sends(String head, byte[] behind) {
    return socket -> {
      socket.getOutputStream().write(ascii(head));
      socket.getOutputStream().write(behind);
    };
  }

  private static List<Attack> attacks(String token) {
    HostileClients.Script webhook =
        sends(head("POST", "/api/v1/webhooks/checkout", "Content-Length: 262000"), HALF_BODY);
    HostileClients.Script health =
        socket -> {
          socket.getOutputStream().write(ascii(head("GET", "/health/live")));
          HostileClients.readAnswer(socket);
        };
    return List.of(
        new Attack("half-sent bodies", 1_400, 1, webhook),
        new Attack("half-sent bodies", 1_400, 200, webhook),
        new Attack(
            "half-sent chunks",
            1_400,
            200,
            sends(
                head("POST", "/api/v1/auth/refresh", "Transfer-Encoding: chunked") + "3ff00\r\n",
                HALF_BODY)),
        new Attack(
            "half-sent bodies and a token",
            1_400,
            200,
            sends(
                head(
                    "POST",
                    TASKS,
                    "Authorization: Bearer " + token,
                    "Idempotency-Key: 0193c5a0-0000-7000-8000-000000000000",
                    "Content-Type: application/json",
                    "Content-Length: 262000"),
                HALF_BODY)),
        new Attack(
            "half-sent headers",
            2_500,
            200,
            sends(
                "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + "x".repeat(15_000), new byte[0])),
        new Attack(
            "unread answers",
            1_000,
            200,
            sends(head("GET", "/api/v1/docs/swagger-ui-bundle.js"), new byte[0])),
        new Attack(
            "unread lists",
            1_000,
            200,
            sends(
                head("GET", TASKS + "?limit=100", "Authorization: Bearer " + token), new byte[0])),
        new Attack("half-sent frames", 1_400, 200, halfFrame()),
        new Attack("no request any more", 5_200, 1, health),
        new Attack("no request any more", 5_200, 200, health));
  }

  private static HostileClients.Script halfFrame() {
    byte[] frame =
        ByteBuffer.allocate(14 + HALF_FRAME.length)
            .put((byte) 0x82)
            .put((byte) (0x80 | 127))
            .putLong(250_000)
            .putInt(0)
            .put(HALF_FRAME)
            .array();
    return socket -> {
      socket
          .getOutputStream()
          .write(
              ascii(
                  head(
                      "GET",
                      "/api/v1/ws/voice/transcribe",
                      "Connection: Upgrade",
                      "Upgrade: websocket",
                      "Sec-WebSocket-Version: 13",
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")));
      HostileClients.readAnswer(socket);
      socket.getOutputStream().write(frame);
    };
  }
}

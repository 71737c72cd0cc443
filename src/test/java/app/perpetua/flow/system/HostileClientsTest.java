package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Promises 21 and 23: with a heap of 256 MB the service survives clients that take as much memory
 * and as many connections as they can, and continues to serve other users. Prints other users'
 * response times with and without the attack.
 */
@Order(2)
@Tag("system")
class HostileClientsTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int REQUESTS = Integer.getInteger("perpetua.test.requests", 16);

  /** Attacks of one run, which {@code -Dseed=} chooses; 10 are all. */
  private static final int ATTACKS = Integer.getInteger("perpetua.test.attacks", 4);

  private static final int TASKS_EACH = 100;
  private static final Pattern HEAP =
      Pattern.compile("(?m)^jvm_memory_used_bytes\\{area=\"heap\"[^}]*} ([0-9.E]+)$");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  /** A user who uses the service during the attack. */
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
          .id();
    }

    /** The durations of the successful requests, ascending. */
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

    /** On a new connection, as a hosting platform probes. */
    void probe() throws IOException {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), jar.port())) {
        socket.setSoTimeout((int) LIMIT.toMillis());
        socket
            .getOutputStream()
            .write(Attack.ascii(Attack.head("GET", "/health/live", "Connection: close")));
        byte[] answer = socket.getInputStream().readAllBytes();
        assertTrue(new String(answer, StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200 OK"));
      }
    }
  }

  @Test
  void promise_21_and_23_hostile_clients_exhaust_neither_heap_nor_connections() throws Exception {
    Map<String, String> environment = new HashMap<>(stage.environment());
    environment.put("FREE_MAX_TASKS", "1000000");
    environment.put("DEEPGRAM_API_KEY", "unused");
    Jar jar =
        stage
            .startWith(
                List.of("-Xmx256m", "-XX:+ExitOnOutOfMemoryError"), FreePort.find(), environment)
            .awaitReady();
    OtherUser attacker = OtherUser.of(jar);
    OtherUser other = OtherUser.of(jar);
    other.useIt();
    System.out.printf("without an attack: p95 %d ms%n", p95(other.useIt()));
    String token = attacker.session().accessToken();
    List<Attack> attacks = Attack.all(token);
    for (int number : chosen(attacks.size())) {
      survive(attacks.get(number), HostileClients.start(jar.port(), number, token), other);
    }
    Invariants.check(database);
  }

  private static List<Integer> chosen(int attacks) {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("promises 21 and 23: " + ATTACKS + " attacks, seed " + seed);
    List<Integer> numbers = new ArrayList<>(IntStream.range(0, attacks).boxed().toList());
    Collections.shuffle(numbers, new Random(seed));
    return numbers.subList(0, Math.min(ATTACKS, attacks));
  }

  private static void survive(Attack attack, Process attackers, OtherUser other)
      throws IOException, InterruptedException {
    Jar jar = other.jar();
    List<Duration> taken;
    String metrics;
    try {
      taken = other.useIt();
      metrics = other.session().api().get("/metrics").expect(200).text();
    } finally {
      attackers.outputWriter().close();
      attackers.waitFor();
    }
    other.probe();
    assertTrue(jar.isAlive(), attack.name());
    assertFalse(jar.all().contains("OutOfMemoryError"), attack.name());
    System.out.printf(
        "beside %s: p95 %d ms; heap %d MB%n", attack, p95(taken), heap(metrics) >> 20);
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
}

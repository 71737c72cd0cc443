package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.RawClient.Answer;
import app.perpetua.flow.http.server.TestServer;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Promises 21 and 23: no client takes all connections, or all memory. */
class ConnectionLimitsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int LARGE = 1_000;
  private static final int KIB = 1_024;

  private final List<RawClient> clients = new ArrayList<>();
  private @Nullable TestServer started;

  @AfterEach
  void stop() throws IOException {
    server().release.countDown();
    for (RawClient client : clients) {
      client.close();
    }
    server().close();
  }

  private void start(int connections, int perAddress, long bytes) {
    start(connections, perAddress, bytes, List.of());
  }

  private void start(int connections, int perAddress, long bytes, List<Cidr> trusted) {
    started = new TestServer(new ConnectionLimits(connections, perAddress, bytes), trusted);
  }

  private TestServer server() {
    return Objects.requireNonNull(started, "not started");
  }

  private RawClient client(String address) throws IOException {
    RawClient client = new RawClient(server().port(), address);
    clients.add(client);
    return client;
  }

  private RawClient idle(String address) throws Exception {
    RawClient client = client(address);
    requestAndWait(client, "/api/v1/tasks");
    return client;
  }

  /** Sends a request and returns when the server waits for the client's next request. */
  private void requestAndWait(RawClient client, String path) throws Exception {
    Answer answer = client.request("GET", path);
    assertEquals(200, answer.status());
    awaitWaiting(answer);
  }

  /**
   * The client has its answer a moment before the server waits for the next request. Until its
   * write returns, the server counts as waiting for the client to read.
   */
  private void awaitWaiting(Answer answer) throws InterruptedException {
    server().awaitCompleted(answer.header("X-Request-ID"));
    Eventually.within(LIMIT, () -> server().waiting() == server().connections());
  }

  /**
   * Connects and sends a request until the answer is 200. While the server handles input of the
   * other client, no connection waits, so it refuses.
   */
  private void awaitAdmission(String address, String request) throws IOException {
    long start = System.nanoTime();
    for (int status = 0; status != 200; ) {
      assertTrue(System.nanoTime() - start < LIMIT.toNanos(), "not admitted");
      status = client(address).send(request).answer().status();
      assertTrue(status == 200 || status == 503, "status " + status);
    }
  }

  @Test
  void at_the_limit_per_address_its_longest_waiting_connection_is_closed() throws Exception {
    start(LARGE, 3, 1 << 20);
    RawClient other = idle("127.0.0.2");
    RawClient first = idle("127.0.0.1");
    RawClient second = idle("127.0.0.1");
    RawClient third = idle("127.0.0.1");
    RawClient fourth = idle("127.0.0.1");
    assertEquals("", first.rest());
    for (RawClient open : List.of(other, second, third, fourth)) {
      assertEquals(200, open.request("GET", "/api/v1/tasks").status());
    }
    assertEquals(1, server().displaced());
    assertEquals(4, server().connections());
  }

  @Test
  void at_the_total_limit_the_longest_waiting_connection_is_closed() throws Exception {
    start(3, LARGE, 1 << 20);
    RawClient first = idle("127.0.0.2");
    RawClient second = idle("127.0.0.3");
    RawClient third = idle("127.0.0.4");
    requestAndWait(first, "/api/v1/tasks");
    RawClient fourth = idle("127.0.0.5");
    assertEquals("", second.rest());
    for (RawClient open : List.of(first, third, fourth)) {
      assertEquals(200, open.request("GET", "/api/v1/tasks").status());
    }
  }

  /** A connection that has not sent its request yet, or only half of one, waits as well. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "GET /api/v1/tasks HTTP/1.1\r\nX-Slow: ",
        "POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf",
      })
  void a_connection_with_an_incomplete_request_may_be_closed(String started) throws Exception {
    start(LARGE, 1, 1 << 20);
    RawClient slow = client("127.0.0.1").send(started);
    Eventually.within(LIMIT, () -> server().connections() == 1);
    awaitAdmission("127.0.0.1", RawClient.head("GET", "/api/v1/tasks"));
    assertEquals("", slow.rest().replace("(reset)", ""));
  }

  @Test
  void unauthenticated_connections_are_closed_first() throws Exception {
    start(LARGE, 2, 1 << 20);
    RawClient user = client("127.0.0.1");
    requestAndWait(user, "/signed-in");
    RawClient anonymous = idle("127.0.0.1");
    RawClient newcomer = idle("127.0.0.1");
    assertEquals("", anonymous.rest());
    assertEquals(200, user.request("GET", "/api/v1/tasks").status());
    assertEquals(200, newcomer.request("GET", "/api/v1/tasks").status());
  }

  @Test
  void a_trusted_proxy_has_no_limit_per_address() throws Exception {
    start(LARGE, 1, 1 << 20, List.of(Cidr.parse("127.0.0.1")));
    RawClient first = idle("127.0.0.1");
    RawClient second = idle("127.0.0.1");
    assertEquals(200, first.request("GET", "/api/v1/tasks").status());
    assertEquals(200, second.request("GET", "/api/v1/tasks").status());
    assertEquals(0, server().displaced());
  }

  @ParameterizedTest
  @CsvSource({"1, 1000", "1000, 1"})
  void when_all_connections_are_busy_new_ones_get_503_except_probes(int connections, int perAddress)
      throws Exception {
    start(connections, perAddress, 1 << 20);
    RawClient busy = client("127.0.0.1");
    busy.send(RawClient.head("POST", "/blocking", "Content-Length: 2") + "ok");
    server().awaitBlockingRequest();
    for (int i = 0; i < 3; i++) {
      RawClient refused = client("127.0.0.1");
      Answer answer = refused.request("GET", "/api/v1/tasks");
      assertEquals(503, answer.status());
      assertTrue(answer.body().contains("SERVICE_UNAVAILABLE"), answer.body());
      assertEquals("1", answer.header("Retry-After"));
      assertEquals("close", answer.header("Connection"));
      assertEquals("", refused.rest());
      assertEquals(200, client("127.0.0.1").request("GET", "/health/live").status());
    }
    server().release.countDown();
    Answer answer = busy.answer();
    assertEquals("ok", answer.body());
    Eventually.within(LIMIT, () -> server().connections() == 1);
    awaitWaiting(answer);
    assertEquals(200, client("127.0.0.1").request("GET", "/api/v1/tasks").status());
    assertEquals("", busy.rest());
  }

  @Test
  void a_body_without_free_memory_is_rejected_with_503() throws Exception {
    start(LARGE, LARGE, 64 * KIB);
    RawClient client = client("127.0.0.1");
    client.send(RawClient.head("POST", "/api/v1/tasks", "Content-Length: 100000"));
    client.send("x".repeat(40 * KIB));
    Answer answer = client.answer();
    assertEquals(503, answer.status());
    assertTrue(answer.body().contains("SERVICE_UNAVAILABLE"), answer.body());
    assertEquals("close", answer.header("Connection"));
    assertTrue(server().handled.isEmpty());
    Eventually.within(LIMIT, () -> server().bytesInFlight() == 0);
  }

  @Test
  void an_incomplete_body_makes_room_for_a_complete_one() throws Exception {
    start(LARGE, LARGE, 256 * KIB);
    RawClient slow = client("127.0.0.1");
    slow.send(RawClient.head("POST", "/api/v1/tasks", "Content-Length: 100000"));
    slow.send("x".repeat(48 * KIB));
    Eventually.within(LIMIT, () -> server().bytesInFlight() >= 40 * KIB);
    String whole = RawClient.head("POST", "/api/v1/tasks", "Content-Length: 40960");
    awaitAdmission("127.0.0.1", whole + "x".repeat(40 * KIB));
    assertEquals("", slow.rest().replace("(reset)", ""));
    Eventually.within(LIMIT, () -> server().bytesInFlight() == 0);
    assertEquals(1, server().handled.size());
  }

  /** A byte that arrives alone occupies more memory than a byte. */
  @Test
  void headers_in_tiny_pieces_count_with_their_overhead() throws Exception {
    start(LARGE, LARGE, 1 << 20);
    RawClient client = client("127.0.0.1");
    client.send("GET / HTTP/1.1\r\nX: ");
    // Fewer bytes than may arrive without being counted.
    for (int i = 0; server().bytesInFlight() == 0 && i < 7 * KIB; i++) {
      client.send("x");
      LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
    }
    Eventually.within(LIMIT, () -> server().bytesInFlight() > 0);
  }

  @Test
  void an_unread_answer_makes_room_for_others() throws Exception {
    start(LARGE, LARGE, 4L * TestServer.BLOB_BYTES);
    RawClient slow = client("127.0.0.1");
    slow.send(RawClient.head("GET", "/blob"));
    Eventually.within(
        LIMIT, () -> server().bytesInFlight() >= TestServer.BLOB_BYTES && server().waiting() == 1);
    RawClient fast = client("127.0.0.1");
    assertEquals(TestServer.BLOB_BYTES, fast.request("GET", "/blob").body().length());
    assertTrue(slow.rest().length() < TestServer.BLOB_BYTES, "the slow one was not closed");
    Eventually.within(LIMIT, () -> server().bytesInFlight() == 0);
  }
}

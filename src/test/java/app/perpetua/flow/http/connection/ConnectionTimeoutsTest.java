package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.RawClient.Answer;
import app.perpetua.flow.harness.time.MovableNanos;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.server.TestServer;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Promise 21: clients that keep the server waiting are disconnected, and no others. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConnectionTimeoutsTest {
  private static final Duration LIMIT = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofMillis(2_500);
  private static final Duration PAUSE = Duration.ofMillis(50);

  /** Number of requests during slow connections. */
  private static final int BESIDE = 100;

  /** Connections are closed at most this much early. */
  private static final Duration SWEEP = Duration.ofMillis(250);

  private TestServer server;

  @BeforeAll
  void start() {
    server = new TestServer(TestServer.timeouts((int) LIMIT.toMillis(), (int) IDLE.toMillis()));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  /**
   * The client has seen the disconnect; how late it comes depends on the machine. {@link
   * CallDeadlineTest} tests exact times.
   */
  private static void assertNotBefore(Duration limit, Duration taken) {
    assertTrue(taken.compareTo(limit.minus(SWEEP)) >= 0, () -> "closed too early: " + taken);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "GET /api/v1/ta",
        "GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n",
        "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345",
        "POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5"
      })
  void promise_21_an_incomplete_request_is_closed(String part) throws Exception {
    try (RawClient client = server.client()) {
      assertNotBefore(LIMIT, client.send(part).trickle("", PAUSE));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /api/v1/",
        "GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
        "POST /unread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
      })
  void promise_21_a_slowly_sent_request_is_closed(String start) throws Exception {
    try (RawClient client = server.client()) {
      assertNotBefore(LIMIT, client.send(start).trickle("x".repeat(1_000), PAUSE));
    }
  }

  @Test
  void promise_21_the_second_request_of_a_connection_has_the_same_time_out() throws Exception {
    try (RawClient client = server.client()) {
      assertEquals(200, client.request("GET", "/api/v1/tasks").status());
      assertNotBefore(LIMIT, client.trickle("GET /api/v1/" + "x".repeat(100), PAUSE));
    }
    try (RawClient client = server.client()) {
      client.send(RawClient.head("GET", "/api/v1/tasks") + "GET /pipelined");
      assertEquals(200, client.answer().status());
      assertNotBefore(LIMIT, client.trickle("", PAUSE));
    }
  }

  @Test
  void the_idle_time_out_is_longer_than_the_request_time_out() throws Exception {
    try (RawClient client = server.client()) {
      assertEquals(200, client.request("GET", "/api/v1/tasks").status());
      assertNotBefore(IDLE, client.trickle("", PAUSE));
    }
  }

  @Test
  void promise_21_a_client_that_sends_without_end_is_closed() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.head("POST", "/api/v1/tasks", "Transfer-Encoding: chunked"));
      byte[] digits = "1".repeat(64 * 1024).getBytes(StandardCharsets.US_ASCII);
      int sent = 0;
      try {
        while (sent < 200_000_000) {
          client.send(digits);
          sent += digits.length;
        }
      } catch (SocketException e) {
        // The server has closed the connection.
      }
      assertTrue(sent < 100_000_000, "took " + sent + " bytes of a chunk's length");
    }
  }

  @Test
  void promise_21_a_client_that_is_refused_gains_no_time_by_sending_on() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.head("POST", "/api/v1/tasks", "Content-Length: 10000000") + "x");
      assertEquals(413, client.answer().status());
      // Longer than the time-out of the request and that of a client that sends nothing.
      String text = "x".repeat(1_000);
      assertTrue(client.trickle(text, PAUSE).compareTo(Duration.ofSeconds(20)) < 0);
    }
  }

  /** As after a pause of the virtual machine, when deadlines are looked at before sockets are. */
  @Test
  void FR_099_time_in_which_the_process_does_not_run_is_not_charged_to_clients() throws Exception {
    MovableNanos nanos = new MovableNanos();
    AtomicInteger sweeps = new AtomicInteger();
    LongSupplier clock =
        () -> {
          if (Thread.currentThread().getName().equals("connection-timeouts")) {
            sweeps.incrementAndGet();
          }
          return nanos.getAsLong();
        };
    String body = "x".repeat(1_000_000);
    try (TestServer own = new TestServer(clock);
        RawClient refused = own.client();
        RawClient sending = own.client()) {
      sending.send(RawClient.head("POST", "/api/v1/tasks", "Content-Length: 2") + "o");
      refused.send(RawClient.head("POST", "/nowhere", "Content-Length: 2000000") + body);
      assertEquals(413, refused.answer().status());
      nanos.advance(Duration.ofMinutes(5));
      int before = sweeps.get();
      // The first of them may have begun before the pause, the second ends before the third begins.
      Eventually.within(Duration.ofSeconds(20), () -> sweeps.get() >= before + 3);
      assertEquals("POST /api/v1/tasks - 2", sending.send("k").answer().body());
      refused.send(body).sendsNoMore();
      assertFalse(refused.rest().contains("reset"));
    }
  }

  @Test
  void a_handler_may_take_longer_than_the_request_time_out() throws Exception {
    try (RawClient busy = server.client();
        RawClient silent = server.client()) {
      busy.send(RawClient.head("POST", "/blocking", "Content-Length: 2") + "ok");
      silent.trickle("", PAUSE);
      server.release.countDown();
      assertEquals("ok", busy.answer().body());
      assertEquals(0, server.interrupted.get());
    }
  }

  /** Helidon alone waits 20 s for a connection that becomes idle just when it stops. */
  @Test
  void promise_24_stopping_does_not_wait_for_connections_that_become_idle() throws Exception {
    TestServer own = new TestServer();
    List<Thread> clients = new ArrayList<>();
    try (own) {
      for (int i = 0; i < 50; i++) {
        clients.add(Thread.ofVirtual().start(() -> requestUntilClosed(own)));
      }
      for (int i = 0; i < 500; i++) {
        own.completed();
      }
      // A virtual thread would not start while those of the clients are never idle.
      Thread stopping = Thread.ofPlatform().start(own::close);
      assertTrue(stopping.join(Duration.ofSeconds(15)));
    }
    for (Thread client : clients) {
      assertTrue(client.join(Duration.ofSeconds(15)));
    }
  }

  private static void requestUntilClosed(TestServer server) {
    try (RawClient client = server.client()) {
      while (true) {
        assertEquals(200, client.request("GET", "/api/v1/tasks").status());
      }
    } catch (IOException e) {
      // The server has stopped.
    }
  }

  @Test
  void promise_21_a_client_that_does_not_read_its_answer_is_closed() throws Exception {
    try (TestServer own = new TestServer(TestServer.timeouts(15_000, 75_000));
        RawClient client = own.client()) {
      client.send(RawClient.head("GET", "/large"));
      CompletedRequest finished = own.completed();
      assertEquals("/large", finished.context().route());
    }
  }

  /**
   * Sends bodies that end at the deadline: each is answered or its connection is closed. {@link
   * CallDeadlineTest} tests that both happen at the same time.
   */
  @Test
  void promise_21_an_answer_is_either_complete_or_cut() throws Exception {
    int clients = 100;
    server.handled.clear();
    List<Future<Boolean>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < clients; i++) {
        // Covers the earliest and the latest time of closing.
        Duration delay = LIMIT.minusMillis(350).plusMillis(5L * i);
        answers.add(threads.submit(() -> answeredAfter(delay)));
      }
    }
    int answered = 0;
    for (Future<Boolean> answer : answers) {
      answered += answer.get() ? 1 : 0;
    }
    assertEquals(answered, server.handled.size());
    assertEquals(0, server.interrupted.get());
  }

  private boolean answeredAfter(Duration delay) throws IOException {
    try (RawClient client = server.client()) {
      client.send(RawClient.head("POST", "/api/v1/tasks", "Content-Length: 2") + "x");
      return client.sendAfter(delay, "x") && client.answer().status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void promise_21_requests_are_answered_during_many_slow_connections() throws Exception {
    int slow = Integer.getInteger("perpetua.test.slow-connections", 200);
    String headers = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + "x".repeat(1_000);
    String body = RawClient.head("POST", "/api/v1/tasks", "Content-Length: 1000");
    List<Duration> latencies = new ArrayList<>();
    List<Duration> closed = new ArrayList<>();
    Duration limit = Duration.ofSeconds(4);
    try (TestServer own = new TestServer(TestServer.timeouts((int) limit.toMillis(), 75_000));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Duration>> clients = new ArrayList<>();
      for (int i = 0; i < slow; i++) {
        boolean slowBody = i % 2 == 0;
        clients.add(
            threads.submit(
                () -> {
                  try (RawClient client = own.client()) {
                    client.send(slowBody ? body : "");
                    return client.trickle(headers, Duration.ofMillis(500));
                  }
                }));
      }
      try (RawClient normal = own.client()) {
        while (latencies.size() < BESIDE || clients.stream().anyMatch(client -> !client.isDone())) {
          long start = System.nanoTime();
          Answer answer = normal.request("GET", "/api/v1/tasks");
          latencies.add(Duration.ofNanos(System.nanoTime() - start));
          assertEquals(200, answer.status());
        }
      }
      for (Future<Duration> client : clients) {
        closed.add(client.get());
      }
    }
    latencies.sort(null);
    closed.sort(null);
    Duration p95 = latencies.get(latencies.size() * 95 / 100);
    System.out.printf(
        "%d slow connections, %d other requests: p95 %s, max %s; closed after %s to %s%n",
        slow, latencies.size(), p95, latencies.getLast(), closed.getFirst(), closed.getLast());
    assertTrue(latencies.size() >= BESIDE);
    closed.forEach(time -> assertNotBefore(limit, time));
  }
}

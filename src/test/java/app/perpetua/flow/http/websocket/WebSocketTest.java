package app.perpetua.flow.http.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.account.AccessTokens;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.fake.Frames;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.Authenticator;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.RequestHandler;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.http.server.Server;
import app.perpetua.flow.sql.Eventually;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The WebSocket implementation, with handlers that misbehave. */
class WebSocketTest {
  private static final String PATH = "/socket";
  private static final int LIMIT_SECONDS = 20;
  private static final Duration LIMIT = Duration.ofSeconds(LIMIT_SECONDS);

  private static final RequestHandler REFUSE_ALL =
      new RequestHandler() {
        @Override
        public void handle(Route route, ServerRequest request, ServerResponse response) {
          response.status(400).send();
        }

        @Override
        public void refuse(Refusal refusal, ServerRequest request, ServerResponse response) {
          response.status(refusal.code().status()).send();
        }
      };

  /** Records messages. */
  private static class RecordingHandler implements WebSocketHandler {
    final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public int maxTextBytes() {
      return 100;
    }

    @Override
    public int maxBinaryBytes() {
      return 100;
    }

    @Override
    public void onOpen(ClientSocket socket) {}

    @Override
    public boolean onFrame() {
      return true;
    }

    @Override
    public void onText(String message) {
      received.add(message);
    }

    @Override
    public void onBinary(byte[] message) {
      received.add(message.length + " bytes");
    }

    @Override
    public void onMessageTooLarge() {
      received.add("too large");
    }

    @Override
    public void onPing(byte[] bytes) {}

    @Override
    public void onClose() {
      if (closed.getCount() == 0) {
        received.add("closed twice");
      }
      closed.countDown();
    }

    String next() throws InterruptedException {
      return String.valueOf(received.poll(LIMIT_SECONDS, TimeUnit.SECONDS));
    }
  }

  private final AtomicInteger redemptions = new AtomicInteger();
  private Supplier<WebSocketHandler> handlers = RecordingHandler::new;
  private final Server server = server();

  private Server server() {
    HttpConfig config = PlainServer.config(Optional.empty(), 0);
    MutableClock clock = new MutableClock();
    Ids ids = new Ids();
    Server started =
        new Server(
            config,
            List.of(Route.plain(PATH, _ -> Reply.noContent())),
            REFUSE_ALL,
            new Errors(new Json()),
            ids,
            _ -> {},
            new WebSocketGate(
                List.of(
                    new WebSocketRoute(
                        PATH,
                        _ -> {
                          redemptions.incrementAndGet();
                          throw Authenticator.unauthorized();
                        },
                        new Route.Sunset(clock.instant(), clock.instant(), URI.create("/docs")),
                        _ -> handlers.get())),
                new AccessTokens(PlainServer.account(), ids, clock),
                new RateLimiter(clock),
                config));
    started.start();
    return started;
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private record Client(Socket socket, Frames frames) implements AutoCloseable {
    /** The close frame; all before it must be messages. */
    Frames.Frame closeFrame() throws IOException {
      while (true) {
        Frames.Frame frame = frames.read();
        if (frame.code() == Frames.CLOSE) {
          return frame;
        }
        assertEquals(Frames.TEXT, frame.code());
        assertEquals("x".repeat(200), frame.text());
      }
    }

    void assertOver() throws IOException {
      assertEquals(-1, socket.getInputStream().read(), "a byte after the handshake");
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private Client connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(LIMIT_SECONDS * 1_000);
    Frames frames = new Frames(socket.getInputStream(), socket.getOutputStream(), true);
    String head =
        """
        GET /socket HTTP/1.1\r
        Host: 127.0.0.1\r
        Connection: Upgrade\r
        Upgrade: websocket\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        \r
        """;
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    Frames.Head answer = frames.head();
    assertEquals("HTTP/1.1 101 Switching Protocols", answer.start());
    // The example of RFC 6455, section 1.3.
    assertEquals("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.headers().get("sec-websocket-accept"));
    return new Client(socket, frames);
  }

  @Test
  void FR_072_tickets_are_looked_up_within_the_rate_limit_of_the_address_only() throws Exception {
    int limit = PlainServer.config(Optional.empty(), 0).rateLimitGeneral();
    for (int i = 0; i < limit + 5; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        socket.setSoTimeout(LIMIT_SECONDS * 1_000);
        String head =
            """
            GET /socket?ticket=x HTTP/1.1\r
            Host: 127.0.0.1\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r
            """;
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        Frames frames = new Frames(socket.getInputStream(), socket.getOutputStream(), true);
        assertEquals("HTTP/1.1 400 Bad Request", frames.head().start());
      }
    }
    assertEquals(limit, redemptions.get());
  }

  @Test
  void an_incomplete_message_counts_as_bytes_in_flight_until_it_is_handled() throws Exception {
    RecordingHandler handler =
        new RecordingHandler() {
          @Override
          public int maxBinaryBytes() {
            return 200_000;
          }
        };
    handlers = () -> handler;
    try (Client client = connect()) {
      client.frames().write(Frames.BINARY, false, new byte[100_000]);
      Eventually.within(LIMIT, () -> server.connections().bytesInFlight() >= 90_000);
      client.frames().write(Frames.CONTINUATION, true, new byte[1]);
      assertEquals("100001 bytes", handler.received.poll(LIMIT_SECONDS, TimeUnit.SECONDS));
      Eventually.within(LIMIT, () -> server.connections().bytesInFlight() == 0);
    }
  }

  @Test
  void a_message_that_is_dropped_is_not_in_flight() throws Exception {
    RecordingHandler handler = new RecordingHandler();
    handlers = () -> handler;
    try (Client client = connect()) {
      client.frames().write(Frames.BINARY, false, new byte[100_000]);
      assertEquals("too large", handler.received.poll(LIMIT_SECONDS, TimeUnit.SECONDS));
      client.frames().write(Frames.CONTINUATION, true, new byte[100_000]);
      client.frames().text("next");
      assertEquals("next", handler.received.poll(LIMIT_SECONDS, TimeUnit.SECONDS));
      assertEquals(0, server.connections().bytesInFlight());
    }
  }

  @Test
  void RFC_6455_5_5_1_no_thread_sends_after_a_close_frame() throws Exception {
    handlers =
        () ->
            new RecordingHandler() {
              @Override
              public void onOpen(ClientSocket socket) {
                CountDownLatch sending = new CountDownLatch(4);
                for (int i = 0; i < 4; i++) {
                  Thread.ofPlatform()
                      .daemon()
                      .start(
                          () -> {
                            while (socket.send("x".repeat(200))) {
                              sending.countDown();
                            }
                          });
                }
                for (int i = 0; i < 2; i++) {
                  int code = 4000 + i;
                  Thread.ofPlatform()
                      .daemon()
                      .start(
                          () -> {
                            await(sending);
                            socket.close(code, "enough");
                          });
                }
              }
            };
    for (int i = 0; i < 6; i++) {
      try (Client client = connect()) {
        Frames.Frame close = client.closeFrame();
        assertTrue(close.closeCode() == 4000 || close.closeCode() == 4001);
        client.frames().write(Frames.CLOSE, true, close.payload());
        client.assertOver();
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("no thread sends");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_failing_handler_closes_with_1011_and_no_details() throws Exception {
    RecordingHandler failing =
        new RecordingHandler() {
          @Override
          public void onText(String message) {
            throw new IllegalStateException("secret cause");
          }
        };
    handlers = () -> failing;
    try (Client client = connect()) {
      client.frames().text("hello");
      Frames.Frame close = client.closeFrame();
      assertEquals(1011, close.closeCode());
      assertFalse(close.text().contains("secret"));
      await(failing.closed);
      client.frames().text("still there?");
      client.frames().write(Frames.CLOSE, true, new byte[0]);
      client.assertOver();
      assertTrue(failing.received.isEmpty());
    }
  }

  @Test
  void a_handler_that_fails_to_open_closes_with_1011() throws Exception {
    handlers =
        () ->
            new RecordingHandler() {
              @Override
              public void onOpen(ClientSocket socket) {
                throw new IllegalStateException("secret cause");
              }
            };
    try (Client client = connect()) {
      assertEquals(1011, client.closeFrame().closeCode());
      client.frames().write(Frames.CLOSE, true, new byte[0]);
      client.assertOver();
    }
  }

  @Test
  void fragmented_messages_are_delivered_whole() throws Exception {
    RecordingHandler handler = new RecordingHandler();
    handlers = () -> handler;
    try (Client client = connect()) {
      byte[] text = "Grüße".getBytes(StandardCharsets.UTF_8);
      // Split within a character, with a control frame in between.
      client.frames().write(Frames.TEXT, false, new byte[] {text[0], text[1], text[2]});
      client.frames().write(Frames.PONG, true, new byte[0]);
      client.frames().write(Frames.CONTINUATION, true, Arrays.copyOfRange(text, 3, text.length));
      assertEquals("Grüße", handler.next());
      client.frames().write(Frames.BINARY, false, new byte[60]);
      client.frames().write(Frames.CONTINUATION, false, new byte[60]);
      client.frames().write(Frames.CONTINUATION, false, new byte[60]);
      client.frames().write(Frames.CONTINUATION, true, new byte[0]);
      assertEquals("too large", handler.next());
      client.frames().write(Frames.BINARY, true, new byte[100]);
      assertEquals("100 bytes", handler.next());
      client.frames().write(Frames.TEXT, true, new byte[70_000]);
      assertEquals("too large", handler.next());
      client.frames().text("");
      assertEquals("", handler.next());
    }
    await(handler.closed);
  }
}

package app.perpetua.flow.http.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import app.perpetua.flow.account.AccessTokens;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.fake.Frames;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.RequestHandler;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.http.server.Server;
import app.perpetua.flow.sql.Eventually;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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

        @Override
        public void redirect(String location, ServerRequest request, ServerResponse response) {
          response.status(302).send();
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
                PlainServer.SESSIONS,
                new RateLimiter(clock, Optional.empty()),
                config),
            Lifecycle.started());
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
    int limit = PlainServer.config(Optional.empty(), 0).rateLimits().general();
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

  /** The start of a masked frame, whose mask changes nothing, and the bytes that follow it. */
  private static byte[] frame(int first, String lengthBytes, byte[] payload) {
    byte[] length = HexFormat.of().parseHex(lengthBytes);
    ByteBuffer frame = ByteBuffer.allocate(5 + length.length + payload.length);
    frame.put((byte) first).put(length).putInt(0).put(payload);
    return Arrays.copyOf(frame.array(), frame.position());
  }

  static Stream<Arguments> violations() {
    byte[] none = {};
    List<Arguments> all = new ArrayList<>();
    for (int opcode : new int[] {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
      all.add(argumentSet("opcode " + opcode, 1002, frame(0x80 | opcode, "80", none)));
    }
    for (int bits : new int[] {0x10, 0x20, 0x40, 0x70}) {
      all.add(argumentSet("text, bits " + bits, 1002, frame(0x81 | bits, "80", none)));
      all.add(argumentSet("ping, bits " + bits, 1002, frame(0x89 | bits, "80", none)));
    }
    for (int opcode : new int[] {8, 9, 10}) {
      all.add(argumentSet("fragment of " + opcode, 1002, frame(opcode, "80", none)));
      all.add(
          argumentSet("too long " + opcode, 1002, frame(0x80 | opcode, "fe007e", new byte[126])));
    }
    all.add(argumentSet("not masked", 1002, new byte[] {(byte) 0x81, 1, 'a'}));
    all.add(argumentSet("continuation", 1002, frame(0x80, "80", none)));
    all.add(argumentSet("long form of 0", 1002, frame(0x82, "fe0000", none)));
    all.add(argumentSet("long form of 125", 1002, frame(0x82, "fe007d", new byte[125])));
    all.add(argumentSet("longest form", 1002, frame(0x82, "ff000000000000ffff", new byte[65_535])));
    all.add(argumentSet("2^63 bytes", 1002, frame(0x82, "ff8000000000000000", none)));
    all.add(argumentSet("2^64 - 1 bytes", 1002, frame(0x82, "ffffffffffffffffff", none)));
    for (String text : List.of("ff", "c0", "c080", "eda080", "f5808080", "e282")) {
      byte[] bytes = HexFormat.of().parseHex(text);
      String length = HexFormat.of().toHexDigits((byte) (0x80 | bytes.length));
      all.add(argumentSet("text " + text, 1007, frame(0x81, length, bytes)));
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("violations")
  void RFC_6455_7_4_a_violation_of_the_protocol_has_its_close_code(int code, byte[] bytes)
      throws Exception {
    RecordingHandler handler = new RecordingHandler();
    handlers = () -> handler;
    try (Client client = connect()) {
      client.socket().getOutputStream().write(bytes);
      Frames.Frame close = client.closeFrame();
      assertEquals(code, close.closeCode());
      assertTrue(close.payload().length > 2, "it has a reason");
      await(handler.closed);
      assertTrue(handler.received.isEmpty());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "e5",
        "fe0080",
        "feffff",
        "ff0000000000010000",
        "ff000000000004b000",
        "ff00000000ffffffff",
        "ff0000000100000000",
        "ff7fffffffffffffff"
      })
  void a_frame_over_the_limit_is_reported_by_its_announced_length(String length) throws Exception {
    RecordingHandler handler = new RecordingHandler();
    handlers = () -> handler;
    try (Client client = connect()) {
      client.socket().getOutputStream().write(frame(0x82, length, new byte[1]));
      assertEquals("too large", handler.next());
      Eventually.within(LIMIT, () -> server.connections().bytesInFlight() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection: keep-alive",
        "X-No: connection",
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13",
        "Connection: Upgrade\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b",
        "Connection: Upgrade\r\n: x",
        "Connection: Upgrade\r\nHost: b",
        "Connection: Upgrade\r\nX: a\r\n b",
        "Connection: Upgrade\r\nX: a\nY: b",
        "Connection: Upgrade\r\nContent-Length: 0\r\nTransfer-Encoding: chunked"
      })
  void an_invalid_upgrade_request_is_400(String headers) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      client.send(
          RawClient.head(
              "GET",
              PATH,
              "Upgrade: websocket",
              "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
              headers));
      RawClient.Answer answer = client.answer();
      assertEquals(400, answer.status());
      assertEquals("close", answer.header("Connection"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket",
        "connection: upgrade\r\nupgrade: h2c, websocket",
        "Connection: keep-alive\r\nConnection: UPGRADE\r\nUpgrade: WEBSOCKET"
      })
  void an_upgrade_request_is_not_case_sensitive(String headers) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      client.send(
          RawClient.head(
              "GET",
              PATH,
              headers,
              "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
      assertEquals(101, client.answer().status());
    }
  }
}

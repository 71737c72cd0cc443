package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.fake.Frames;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MovableNanos;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * RFC 6455, sections 5.5.1 and 7, byte by byte: however a session ends, each side sends one close
 * frame, nothing follows, and the server closes the connection.
 */
class CloseHandshakeTest {
  private static final MovableNanos nanos = new MovableNanos();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  /** Nine credits pay for one minute; pings are too rare to interfere. */
  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("VOICE_MAX_SECONDS", "90")
          .with("PRO_DAILY_CREDITS", "4")
          .with(
              new VoiceTiming(
                  VoiceFixture.AUTHENTICATE,
                  VoiceFixture.SILENCE,
                  Duration.ofHours(1),
                  VoiceFixture.TIMEOUT,
                  LIMIT,
                  LIMIT,
                  Duration.ofSeconds(30),
                  Duration.ofMillis(20),
                  nanos));

  @Order(3)
  @RegisterExtension
  static final TestService stopping = new TestService(database).with(VoiceFixture.TIMING);

  @AfterEach
  void invariants() {
    service.deepgram().recover();
    Invariants.check(database);
  }

  /** Causes an end; returns the connection that the service is about to close. */
  interface Scenario {
    RawVoiceClient run() throws Exception;
  }

  /** An action of the client during a session. */
  interface Action {
    void on(RawVoiceClient client) throws Exception;
  }

  private static RawVoiceClient connected(TestService.Session user) throws IOException {
    RawVoiceClient client = new RawVoiceClient(service.port(), "?token=" + user.accessToken());
    assertEquals("connected", client.next().get("type").stringValue());
    return client;
  }

  private static RawVoiceClient speaking(TestService.Session user, Step... further)
      throws IOException {
    Step[] steps = new Step[further.length + 1];
    steps[0] = new Step.Final("This was heard.");
    System.arraycopy(further, 0, steps, 1, further.length);
    service.deepgram().script(steps);
    RawVoiceClient client = connected(user);
    client.frames().write(Frames.BINARY, true, PIECES.get(0));
    assertEquals("This was heard.", client.next().get("text").stringValue());
    return client;
  }

  private static Scenario silent(Action action) {
    return then(() -> connected(service.newPro()), action);
  }

  private static Scenario spoken(Action action, Step... further) {
    return then(() -> speaking(service.newPro(), further), action);
  }

  private static Scenario unknown(Action action) {
    return then(
        () -> {
          RawVoiceClient client = new RawVoiceClient(service.port(), "");
          client.ping();
          return client;
        },
        action);
  }

  private static Scenario then(Scenario first, Action action) {
    return () -> {
      RawVoiceClient client = first.run();
      action.on(client);
      return client;
    };
  }

  private static Action auth(TestService.Session user) {
    return client -> client.frames().text(token(user.accessToken()));
  }

  private static String token(String token) {
    return "{\"type\":\"auth\",\"token\":\"" + token + "\"}";
  }

  private static Action audio(byte[]... messages) {
    return client -> {
      for (byte[] message : messages) {
        client.frames().write(Frames.BINARY, true, message);
      }
    };
  }

  private static Action raw(String hex) {
    return client ->
        client.socket().getOutputStream().write(HexFormat.ofDelimiter(" ").parseHex(hex));
  }

  private static Action time(Duration duration) {
    return _ -> nanos.advance(duration.plusMillis(1));
  }

  static Stream<Arguments> ends() {
    return Stream.of(
        end("end_stream", 1000, "end_stream", spoken(CloseHandshakeTest::endStream)),
        end("end_stream without audio", 1000, "end_stream", silent(CloseHandshakeTest::endStream)),
        end("silence", 1000, "silence", silent(time(VoiceFixture.SILENCE))),
        end("time", 4408, "max_duration", spoken(time(Duration.ofSeconds(91)))),
        end("credits", 4402, "insufficient_credits", spoken(time(Duration.ofSeconds(61)))),
        end("message too large", 4413, "frame_too_large", spoken(audio(new byte[32 * 1024 + 1]))),
        end("frame too large", 4413, "frame_too_large", spoken(audio(new byte[300 * 1024]))),
        end(
            "message of too many fragments",
            4413,
            "frame_too_large",
            spoken(
                client -> {
                  client.frames().write(Frames.BINARY, false, new byte[30_000]);
                  client.frames().write(Frames.CONTINUATION, false, new byte[3_000]);
                  client.frames().write(Frames.CONTINUATION, true, new byte[3_000]);
                })),
        end(
            "text too large",
            4413,
            "frame_too_large",
            spoken(client -> client.frames().text("x".repeat(9_000)))),
        end(
            "text",
            1008,
            "misbehaved",
            spoken(client -> client.frames().text("audio, believe me"))),
        end("flood", 1008, "flooded", spoken(CloseHandshakeTest::flood)),
        end(
            "provider resets",
            4502,
            "provider_gone",
            spoken(audio(PIECES.get(1)), new Step.Reset())),
        end(
            "provider fails",
            4502,
            "provider_gone",
            spoken(audio(PIECES.get(1)), new Step.Close(1011, "NET-0000"))),
        end(
            "provider too slow",
            4502,
            "provider_slow",
            spoken(CloseHandshakeTest::outrun, new Step.Freeze())),
        end(
            "provider out of reach",
            4502,
            "provider_unreachable",
            () -> {
              service.deepgram().script(new Step.Refuse(500));
              return new RawVoiceClient(service.port(), "?token=" + service.newPro().accessToken());
            }),
        end("not audio", 4502, "not_audio", silent(audio(new byte[100]))),
        end(
            "not audio, in pieces",
            4502,
            "not_audio",
            silent(audio(new byte[] {0x1a}, new byte[] {0x45, 0, 0}))),
        end(
            "undecodable",
            4502,
            "undecodable",
            () -> {
              service.deepgram().script(new Step.Close(1008, "DATA-0000"));
              RawVoiceClient client = connected(service.newPro());
              client.frames().write(Frames.BINARY, true, PIECES.get(0));
              return client;
            }),
        end(
            "taken over",
            1011,
            "taken_over",
            () -> {
              TestService.Session user = service.newPro();
              RawVoiceClient client = speaking(user, new Step.Final("Late."));
              database.run(
                  "update notes.voice_sessions set lease = gen_random_uuid(), lease_until = now()"
                      + " where user_id = ?",
                  user.userId());
              client.frames().write(Frames.BINARY, true, PIECES.get(1));
              return client;
            }),
        end(
            "bad token",
            4401,
            "refused",
            unknown(client -> client.frames().text(token("nonsense")))),
        end("no token in time", 4401, "refused", unknown(time(VoiceFixture.AUTHENTICATE))),
        end("audio before the token", 4401, "refused", unknown(audio(PIECES.get(0)))),
        end("text before the token", 1008, "misbehaved", unknown(CloseHandshakeTest::endStream)),
        end("flood before the token", 1008, "flooded", unknown(CloseHandshakeTest::flood)),
        end("free user", 4403, "refused", () -> unknown(auth(service.newUser())).run()),
        end(
            "no credits left",
            4402,
            "refused",
            () -> {
              TestService.Session user = service.newPro();
              try (RawVoiceClient first = speaking(user)) {
                endStream(first);
                assertEquals(1000, first.closeCode());
              }
              return unknown(auth(user)).run();
            }),
        end(
            "second session",
            4409,
            "refused",
            () -> {
              TestService.Session user = service.newPro();
              RawVoiceClient first = connected(user);
              RawVoiceClient second = unknown(auth(user)).run();
              assertEquals("CONFLICT", second.next().get("code").stringValue());
              first.close();
              return second;
            }),
        end(
            "stop",
            1001,
            "going_away",
            () -> {
              RawVoiceClient client =
                  new RawVoiceClient(stopping.port(), "?token=" + stopping.newPro().accessToken());
              client.next();
              Thread.ofVirtual().start(stopping.app()::close);
              return client;
            }),
        end("unknown opcode", 1002, "unknown opcode", spoken(raw("85 81 00 00 00 00 01"))),
        end("unmasked frame", 1002, "frame is not masked", spoken(raw("82 02 01 02"))),
        end("reserved bits", 1002, "reserved bits are set", spoken(raw("c2 81 00 00 00 00 01"))),
        end("reserved bits, unmasked", 1002, "reserved bits are set", spoken(raw("92 02 01 02"))),
        end(
            "ping too large",
            1002,
            "control frame over 125 bytes",
            spoken(client -> client.frames().write(Frames.PING, true, new byte[126]))),
        end(
            "ping in fragments",
            1002,
            "fragmented control frame",
            spoken(client -> client.frames().write(Frames.PING, false, new byte[1]))),
        end(
            "message inside another",
            1002,
            "new message inside a fragmented one",
            spoken(
                client -> {
                  client.frames().write(Frames.BINARY, false, new byte[10]);
                  client.frames().write(Frames.TEXT, true, new byte[10]);
                })),
        end(
            "continuation of nothing",
            1002,
            "continuation without a message",
            unknown(client -> client.frames().write(Frames.CONTINUATION, true, new byte[1]))),
        end(
            "negative length",
            1002,
            "negative payload length",
            spoken(raw("82 ff ff 00 00 00 00 00 00 00"))),
        end(
            "invalid UTF-8",
            1007,
            "invalid UTF-8",
            spoken(
                client ->
                    client.frames().write(Frames.TEXT, true, new byte[] {'a', (byte) 0xc3}))));
  }

  private static Arguments end(String name, int code, String reason, Scenario scenario) {
    return argumentSet(name, code, reason, scenario);
  }

  private static void endStream(RawVoiceClient client) throws IOException {
    client.frames().text("{\"type\":\"end_stream\"}");
  }

  private static void flood(RawVoiceClient client) throws IOException {
    for (int i = 0; i < 5_000; i++) {
      client.frames().write(Frames.PONG, true, new byte[0]);
    }
  }

  /** Sends until the provider's buffers are full and the service closes. */
  private static void outrun(RawVoiceClient client) throws IOException {
    byte[] large = new byte[32 * 1024];
    while (client.socket().getInputStream().available() == 0) {
      client.frames().write(Frames.BINARY, true, large);
    }
  }

  @ParameterizedTest
  @MethodSource("ends")
  void RFC_6455_5_5_1_nothing_follows_the_close_handshake(
      int code, String reason, Scenario scenario) throws Exception {
    try (RawVoiceClient client = scenario.run()) {
      byte[] close = closeFrame(client);
      assertEquals(hex(frame(code, reason)), hex(close));
      if (reason.equals("negative payload length")) {
        // The position of the response in the stream is unknown, so it is cut.
        assertEquals(-1, client.socket().getInputStream().read());
        return;
      }
      client.frames().write(Frames.CLOSE, true, payload(code, ""));
      assertEquals(-1, client.socket().getInputStream().read(), "a byte after the handshake");
    }
  }

  @Test
  void input_after_the_close_frame_is_dropped() throws Exception {
    try (RawVoiceClient client = spoken(CloseHandshakeTest::endStream).run()) {
      assertEquals(hex(frame(1000, "end_stream")), hex(closeFrame(client)));
      endStream(client);
      audio(PIECES.get(1), new byte[300 * 1024]).on(client);
      client.frames().write(Frames.PING, true, new byte[200]);
      raw("85 81 00 00 00 00 01").on(client);
      client.frames().write(Frames.CLOSE, true, new byte[0]);
      assertEquals(-1, client.socket().getInputStream().read());
    }
  }

  @Test
  void a_client_that_does_not_answer_the_close_frame_is_disconnected() throws Exception {
    try (RawVoiceClient client = silent(CloseHandshakeTest::endStream).run()) {
      closeFrame(client);
      assertEquals(-1, client.socket().getInputStream().read());
    }
  }

  static Stream<Arguments> clientCloses() {
    return Stream.of(
        argumentSet("normal", payload(1000, "bye"), payload(1000, "")),
        argumentSet("away", payload(1001, ""), payload(1001, "")),
        argumentSet("registered", payload(1013, ""), payload(1013, "")),
        argumentSet("of a library", payload(3000, "Grüße"), payload(3000, "")),
        argumentSet("of an application", payload(4999, "x".repeat(123)), payload(4999, "")),
        argumentSet("empty", new byte[0], new byte[0]),
        argumentSet("one byte", new byte[] {3}, payload(1002, "truncated close code")),
        argumentSet("below all", payload(999, ""), payload(1002, "invalid close code")),
        argumentSet("reserved", payload(1004, ""), payload(1002, "invalid close code")),
        argumentSet("no status", payload(1005, ""), payload(1002, "invalid close code")),
        argumentSet("abnormal", payload(1006, ""), payload(1002, "invalid close code")),
        argumentSet("TLS", payload(1015, ""), payload(1002, "invalid close code")),
        argumentSet("unassigned", payload(2999, ""), payload(1002, "invalid close code")),
        argumentSet("above all", payload(5000, ""), payload(1002, "invalid close code")),
        argumentSet(
            "not UTF-8", new byte[] {3, (byte) 0xe8, (byte) 0xff}, payload(1007, "invalid UTF-8")));
  }

  @ParameterizedTest
  @MethodSource("clientCloses")
  void RFC_6455_5_5_1_a_client_that_closes_first_gets_one_answer(byte[] sent, byte[] answer)
      throws Exception {
    for (Scenario scenario : new Scenario[] {spoken(_ -> {}), unknown(_ -> {})}) {
      try (RawVoiceClient client = scenario.run()) {
        client.frames().write(Frames.CLOSE, true, sent);
        assertEquals(hex(frame(answer)), hex(closeFrame(client)));
        assertEquals(-1, client.socket().getInputStream().read());
      }
    }
  }

  @Test
  void both_sides_that_close_at_once_send_one_frame_each() throws Exception {
    try (RawVoiceClient client = spoken(CloseHandshakeTest::endStream).run()) {
      client.frames().close(1000, "");
      assertNotEquals(0, closeFrame(client).length);
      assertEquals(-1, client.socket().getInputStream().read());
    }
  }

  /** The bytes of the service's close frame; text before it is skipped. */
  private static byte[] closeFrame(RawVoiceClient client) throws IOException {
    InputStream in = client.socket().getInputStream();
    while (true) {
      int first = in.read();
      int length = in.read();
      int size = length < 126 ? length : in.read() << 8 | in.read();
      byte[] payload = in.readNBytes(size);
      if (first == 0x88) {
        return frame(payload);
      }
      assertEquals(0x81, first, "text or close");
    }
  }

  private static byte[] payload(int code, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array();
  }

  private static byte[] frame(int code, String reason) {
    return frame(payload(code, reason));
  }

  private static byte[] frame(byte[] payload) {
    return ByteBuffer.allocate(2 + payload.length)
        .put((byte) 0x88)
        .put((byte) payload.length)
        .put(payload)
        .array();
  }

  private static String hex(byte[] bytes) {
    return HexFormat.ofDelimiter(" ").formatHex(bytes);
  }
}

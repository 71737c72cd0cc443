package app.perpetua.flow.harness;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.Frames;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * A client of {@code WS /ws/voice/transcribe} for hand-made frames; answers no pings by itself. For
 * one thread.
 */
public final class RawVoiceClient implements AutoCloseable {
  private static final String PATH = "/api/v1/ws/voice/transcribe";
  private static final int TIMEOUT_MILLIS = 20_000;

  private final Socket socket;
  private final Frames frames;
  private final Json json = new Json();
  private final int status;
  private final Map<String, String> headers;
  private final String body;

  /**
   * Requests an upgrade, and validates a refusal against the contract.
   *
   * @param query such as {@code ?token=x}, or empty
   * @param more headers such as {@code Origin: https://example.com}
   */
  public RawVoiceClient(int port, String query, String... more) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.setTcpNoDelay(true);
    frames = new Frames(socket.getInputStream(), socket.getOutputStream(), true);
    StringBuilder head = new StringBuilder();
    head.append("GET ").append(PATH).append(query).append(" HTTP/1.1\r\nHost: 127.0.0.1:");
    head.append(port).append("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    head.append("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    for (String header : more) {
      head.append(header).append("\r\n");
    }
    socket
        .getOutputStream()
        .write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
    Frames.Head answer = frames.head();
    headers = answer.headers();
    status = Integer.parseInt(answer.start().split(" ", -1)[1]);
    if (status == 101) {
      body = "";
      return;
    }
    byte[] bytes =
        frames.body(Integer.parseInt(answer.headers().getOrDefault("content-length", "0")));
    body = new String(bytes, StandardCharsets.UTF_8);
    List<String> errors =
        Contract.current()
            .faultsOf("GET", PATH, status, new Contract.Message(lists(answer.headers()), bytes));
    if (!errors.isEmpty()) {
      throw new AssertionError(errors + " in " + status + " " + body);
    }
  }

  private static Map<String, List<String>> lists(Map<String, String> headers) {
    Map<String, List<String>> lists = new TreeMap<>();
    headers.forEach((name, value) -> lists.put(name, List.of(value)));
    return lists;
  }

  /** 101 if there was an upgrade. */
  public int status() {
    return status;
  }

  /** A header of the answer, by its lower-case name; empty if there is none. */
  public String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** {@code error.code} of a refusal. */
  public String errorCode() {
    return json.parse(body).required("error").required("code").stringValue();
  }

  public Frames frames() {
    return frames;
  }

  public Socket socket() {
    return socket;
  }

  /** The next text message; pings are skipped. */
  public JsonNode next() throws IOException {
    while (true) {
      Frames.Frame frame = frames.read();
      if (frame.code() == Frames.TEXT) {
        return json.parse(frame.text());
      }
      if (frame.code() == Frames.CLOSE) {
        throw new AssertionError("closed with " + frame.closeCode());
      }
    }
  }

  /** Reads up to the close frame; 1006 if there is none. */
  public int closeCode() {
    try {
      while (true) {
        Frames.Frame frame = frames.read();
        if (frame.code() == Frames.CLOSE) {
          return frame.closeCode();
        }
      }
    } catch (IOException e) {
      return 1006;
    }
  }

  /** Sends a ping and waits for the pong: the service has read everything before it. */
  public void ping() throws IOException {
    frames.write(Frames.PING, true, new byte[0]);
    while (true) {
      Frames.Frame frame = frames.read();
      if (frame.code() == Frames.PONG) {
        return;
      }
      if (frame.code() == Frames.CLOSE) {
        throw new AssertionError("closed with " + frame.closeCode());
      }
    }
  }

  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

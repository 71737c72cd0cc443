package app.perpetua.flow.system;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request that connections start and never finish. Immutable.
 *
 * @param connections number of concurrent connections
 * @param addresses number of loopback addresses
 */
record Attack(String name, int connections, int addresses, Script script) {
  /** What one connection does before it waits for the server to close it. */
  @FunctionalInterface
  interface Script {
    /** Sends the request, or a part of it; may return at any time. */
    void run(Socket socket) throws IOException;
  }

  private static final String TASKS = "/api/v1/tasks";
  private static final byte[] HALF_BODY = new byte[250_000];
  private static final byte[] HALF_FRAME = new byte[200_000];
  private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");

  @Override
  public String toString() {
    return "%d connections from %d addresses with %s".formatted(connections, addresses, name);
  }

  /** A request without a body. */
  static String head(String method, String path, String... headers) {
    return method
        + " "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\n"
        + String.join("", List.of(headers).stream().map(header -> header + "\r\n").toList())
        + "\r\n";
  }

  private static Script sends(String head, byte[] behind) {
    return socket -> {
      socket.getOutputStream().write(ascii(head));
      socket.getOutputStream().write(behind);
    };
  }

  /** Waits for the start of the answer, so that the service has done the work for it. */
  private static Script receives(String head) {
    return socket -> {
      socket.getOutputStream().write(ascii(head));
      if (socket.getInputStream().read() < 0) {
        throw new EOFException();
      }
    };
  }

  /** All attacks; some use the access token. */
  static List<Attack> all(String token) {
    Script webhook =
        sends(head("POST", "/api/v1/webhooks/checkout", "Content-Length: 262000"), HALF_BODY);
    Script health =
        socket -> {
          socket.getOutputStream().write(ascii(head("GET", "/health/live")));
          readAnswer(socket);
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
            receives(head("GET", "/api/v1/docs/swagger-ui-bundle.js"))),
        new Attack(
            "unread lists",
            1_000,
            200,
            receives(head("GET", TASKS + "?limit=100", "Authorization: Bearer " + token))),
        new Attack("half-sent frames", 1_400, 200, halfFrame()),
        new Attack("no request any more", 5_200, 1, health),
        new Attack("no request any more", 5_200, 200, health));
  }

  private static Script halfFrame() {
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
      readAnswer(socket);
      socket.getOutputStream().write(frame);
    };
  }

  /** Reads a complete answer without a body or with a Content-Length. */
  private static void readAnswer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException();
      }
      head.append((char) c);
    }
    Matcher length = LENGTH.matcher(head);
    if (length.find()) {
      in.readNBytes(Integer.parseInt(length.group(1)));
    }
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

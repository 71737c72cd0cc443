package app.perpetua.flow.fuzz;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A connection that sends any bytes and reads answers strictly by RFC 9112: what no client may have
 * to guess is an error. For one thread.
 */
public final class Wire implements AutoCloseable {
  /** An answer that is not well-formed HTTP. */
  public static final class Malformed extends IOException {
    private static final long serialVersionUID = 1L;

    Malformed(String message) {
      super(message);
    }
  }

  /**
   * An answer.
   *
   * @param headers name and value, as received
   */
  public record Answer(int status, List<String[]> headers, byte[] body) {
    /** The value of a header that occurs once; empty if there is none. */
    public Optional<String> header(String name) {
      return headers.stream()
          .filter(header -> header[0].equalsIgnoreCase(name))
          .map(header -> header[1])
          .findFirst();
    }

    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    /** Whether the server closes the connection after it. */
    public boolean isLast() {
      return header("Connection").orElse("").toLowerCase(Locale.ROOT).contains("close");
    }

    /** For reports. */
    public byte[] bytes() {
      StringBuilder head = new StringBuilder("HTTP/1.1 " + status + "\r\n");
      headers.forEach(header -> head.append(header[0] + ": " + header[1] + "\r\n"));
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
      all.writeBytes(body);
      return all.toByteArray();
    }
  }

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([1-5][0-9]{2}) [ -~]*");
  private static final Pattern HEADER =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\\x20-\\x7e\\x80-\\xff\t]*)");
  private static final int TIMEOUT_MILLIS = 30_000;

  /** Longer messages are sent while the answer is read, which may come before they end. */
  private static final int LONG = 32 * 1024;

  private final Socket socket;
  private final InputStream in;

  public Wire(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
  }

  /**
   * Sends a request and reads its answer.
   *
   * @throws EOFException if the server closes the connection without an answer
   */
  public Answer exchange(byte[] request) throws IOException {
    boolean head = request.length > 4 && request[0] == 'H' && request[1] == 'E';
    if (request.length <= LONG) {
      send(request);
      return answer(head);
    }
    Thread sender = Thread.ofVirtual().start(() -> sendUnlessClosed(request));
    Answer answer = answer(head);
    if (answer.isLast()) {
      socket.close();
    }
    try {
      sender.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return answer;
  }

  public void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Sends in pieces that end at these offsets. */
  public void send(byte[] bytes, int[] offsets) throws IOException {
    int from = 0;
    for (int to : offsets) {
      socket.getOutputStream().write(bytes, from, to - from);
      from = to;
    }
    socket.getOutputStream().write(bytes, from, bytes.length - from);
  }

  private void sendUnlessClosed(byte[] bytes) {
    try {
      send(bytes);
    } catch (IOException e) {
      // The server answered early and closed the connection.
    }
  }

  public void sendsNoMore() throws IOException {
    socket.shutdownOutput();
  }

  /** All answers until the server closes the connection; a reset ends them as well. */
  public List<Answer> answers() throws IOException {
    List<Answer> answers = new ArrayList<>();
    try {
      while (true) {
        in.mark(1);
        if (in.read() < 0) {
          return answers;
        }
        in.reset();
        answers.add(answer(false));
      }
    } catch (SocketException e) {
      // A reset, because the server closed while it had unread input.
      return answers;
    }
  }

  /** What the server sends, for other protocols after an upgrade. */
  public InputStream in() {
    return in;
  }

  /** The socket. */
  public Socket socket() {
    return socket;
  }

  /** Reads the next final answer. */
  public Answer answer(boolean toHead) throws IOException {
    while (true) {
      var status = STATUS.matcher(line());
      if (!status.matches()) {
        throw new Malformed("status line");
      }
      int code = Integer.parseInt(status.group(1));
      List<String[]> headers = new ArrayList<>();
      for (String line = line(); !line.isEmpty(); line = line()) {
        var header = HEADER.matcher(line);
        if (!header.matches()) {
          throw new Malformed("header " + line);
        }
        headers.add(new String[] {header.group(1), header.group(2).strip()});
      }
      Answer head = new Answer(code, headers, new byte[0]);
      if (code == 101) {
        return head;
      }
      if (code >= 200) {
        boolean hasBody = !toHead && code != 204 && code != 304;
        return new Answer(code, headers, hasBody ? body(head) : new byte[0]);
      }
    }
  }

  private byte[] body(Answer head) throws IOException {
    Optional<String> length = head.header("Content-Length");
    Optional<String> coding = head.header("Transfer-Encoding");
    if (length.isPresent() == coding.isPresent()) {
      throw new Malformed("an answer needs either Content-Length or Transfer-Encoding");
    }
    if (length.isPresent()) {
      int announced = Integer.parseInt(length.get());
      byte[] body = in.readNBytes(announced);
      if (body.length < announced) {
        throw new Malformed("the body is shorter than its Content-Length");
      }
      return body;
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int size = Integer.parseInt(line(), 16);
      body.write(in.readNBytes(size));
      if (!line().isEmpty()) {
        throw new Malformed(size == 0 ? "trailers" : "a chunk is longer than its size");
      }
      if (size == 0) {
        return body.toByteArray();
      }
    }
  }

  /** A line that ends with CRLF. */
  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); ; c = in.read()) {
      if (c < 0) {
        throw line.isEmpty() ? new EOFException("closed") : new Malformed("closed in a line");
      }
      if (c == '\n') {
        if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
          throw new Malformed("a line without CR: " + line);
        }
        line.setLength(line.length() - 1);
        return line.toString();
      }
      line.append((char) c);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

package app.perpetua.flow.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireTest {
  private static List<Wire.Answer> answers(String sent) throws IOException, InterruptedException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread serving =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (Socket socket = server.accept()) {
                      socket.getOutputStream().write(sent.getBytes(StandardCharsets.ISO_8859_1));
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
      try (Wire wire = new Wire(server.getLocalPort())) {
        return wire.answers();
      } finally {
        serving.join();
      }
    }
  }

  @Test
  void answers_with_a_length_in_chunks_and_without_a_body_are_read() throws Exception {
    List<Wire.Answer> answers =
        answers(
            "HTTP/1.1 100 Continue\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok"
                + "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"
                + "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"
                + "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assertEquals(List.of(200, 400, 304, 204), answers.stream().map(Wire.Answer::status).toList());
    assertEquals(List.of("ok", "no", "", ""), answers.stream().map(Wire.Answer::text).toList());
    assertEquals("b", answers.getFirst().header("x-a").orElseThrow());
    assertEquals(true, answers.getLast().isLast());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Name: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le"
      })
  void an_answer_that_a_client_would_have_to_guess_is_an_error(String sent) {
    assertThrows(Wire.Malformed.class, () -> answers(sent), sent);
  }
}

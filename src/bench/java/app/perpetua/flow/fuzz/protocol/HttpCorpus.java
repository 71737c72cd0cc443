package app.perpetua.flow.fuzz.protocol;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Requests on a connection that HTTP forbids, and unusual ones that it permits. */
final class HttpCorpus {
  /** What the service has to do with a message. */
  enum Expected {
    /** Refuse its first request with a 4xx, 501 or 505, and close the connection. */
    REFUSED,
    /** Answer every request that is complete; the last one may be cut off. */
    ANSWERED
  }

  /**
   * What is sent on one connection.
   *
   * @param text each character is a byte
   */
  record Message(String name, String text, Expected expected) {
    byte[] bytes() {
      return text.getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  /** Title of the task that a request behind a malformed one would create. */
  static final String SMUGGLED = "smuggled";

  private static final String TARGET = "/api/v1/tasks";

  private final String authorization;
  private final List<Message> all = new ArrayList<>();

  private HttpCorpus(String token) {
    this.authorization = "Authorization: Bearer " + token + "\r\n";
  }

  /**
   * All of them.
   *
   * @param token of a user, so that a smuggled request would have an effect
   */
  static List<Message> messages(String token) {
    HttpCorpus corpus = new HttpCorpus(token);
    corpus.framing();
    corpus.chunks();
    corpus.headers();
    corpus.lines();
    corpus.unusual();
    return corpus.all;
  }

  private void refused(String name, String text) {
    all.add(new Message(name, text + smuggled(), Expected.REFUSED));
  }

  private void answered(String name, String text) {
    all.add(new Message(name, text, Expected.ANSWERED));
  }

  private String post(String headers, String body) {
    return "POST "
        + TARGET
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + authorization
        + headers
        + "\r\n"
        + body;
  }

  private String get(String headers) {
    return "GET "
        + TARGET
        + "?limit=1 HTTP/1.1\r\nHost: localhost\r\n"
        + authorization
        + headers
        + "\r\n";
  }

  private String smuggled() {
    String body = "{\"title\":\"" + SMUGGLED + "\"}";
    return post(
        "Idempotency-Key: "
            + java.util.UUID.randomUUID()
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n",
        body);
  }

  private void framing() {
    for (String headers :
        List.of(
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 0\r\nTransfer-Encoding: chunked",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 0\r\nContent-Length: 0",
            "Content-Length: 5, 5",
            "Content-Length: 5, 6",
            "Content-Length: -1",
            "Content-Length: +5",
            "Content-Length: 0x5",
            "Content-Length: 5a",
            "Content-Length: 5 5",
            "Content-Length: \u00b2",
            "Content-Length: 1e1",
            "Content-Length: 5.0",
            "Content-Length: 99999999999999999999",
            "Content-Length: 18446744073709551617",
            "Content-Length:",
            "Content-Length: \"5\"",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunkedx",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding: chunked;q=1",
            "Transfer-Encoding: identity",
            "Transfer-Encoding:",
            "Transfer-Encoding: \u000bchunked",
            "Transfer-Encoding: chunked\u0000",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding\t: chunked",
            "Transfer_Encoding: chunked\r\nContent-Length: -5",
            " Transfer-Encoding: chunked",
            "X: a\r\n Transfer-Encoding: chunked",
            "X: a\r\n\tContent-Length: 5",
            "Content-Length : 5",
            "Content-Length: 5\r\n , 6",
            "Content-Length\u0000: 5",
            "X: a\rContent-Length: 5",
            "X: a\nContent-Length: 5",
            "X: a\u0000b")) {
      refused(headers, post(headers + "\r\n", "0\r\n\r\n"));
    }
  }

  private void chunks() {
    for (String body :
        List.of(
            "zz\r\nab\r\n0\r\n\r\n",
            "-1\r\na\r\n0\r\n\r\n",
            "+2\r\n{}\r\n0\r\n\r\n",
            "0x2\r\n{}\r\n0\r\n\r\n",
            " 2\r\n{}\r\n0\r\n\r\n",
            "2 \t x\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}0\r\n\r\n",
            "2\r\n{}xx0\r\n\r\n",
            "2\r\n{}\n0\r\n\r\n",
            "2\n{}\n0\n\n",
            "1\r\n{}\r\n0\r\n\r\n",
            "FFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
            "8000000000000000\r\n{}\r\n0\r\n\r\n",
            "100000000\r\n{}\r\n0\r\n\r\n",
            "00000000000000000000000000000000000000002\r\n{}\r\n0\r\n\r\n"
                .repeat(1)
                .replace("0000", "0000 0000"),
            "\r\n2\r\n{}\r\n0\r\n\r\n",
            "\uff12\r\n{}\r\n0\r\n\r\n".replace('\uff12', '\u00b2'))) {
      refused("chunks " + body, post("Transfer-Encoding: chunked\r\n", body));
    }
    String large = "10000\r\n" + "x".repeat(65_536) + "\r\n";
    refused("chunks over 256 KiB", post("Transfer-Encoding: chunked\r\n", large.repeat(5)));
  }

  private void headers() {
    for (String header :
        List.of(
            "Host: elsewhere",
            "X-Bad Name: 1",
            "X-Bad\u0000Name: 1",
            "X-Bad(Name): 1",
            "X-Bad: a\u0000b",
            "X-Bad: a\u0007b",
            "X-Bad: a\u007fb",
            "no colon",
            ": no name",
            "X-\u00e4: 1",
            "Authorization: Bearer x",
            "Content-Type: text/plain\r\nContent-Type: application/json")) {
      refused("header " + header, get(header + "\r\n"));
    }
    refused("no Host", "GET " + TARGET + " HTTP/1.1\r\n" + authorization + "\r\n");
    for (String host : List.of("a b", "a/b", "a@b", "\u00e4", "a\u0000", "[::1", "a:b:c")) {
      refused(
          "Host: " + host,
          "GET " + TARGET + " HTTP/1.1\r\nHost: " + host + "\r\n" + authorization + "\r\n");
    }
    refused("20 kB of header", get("X: " + "x".repeat(20_000) + "\r\n"));
    refused("2,000 headers", get("X: 0123456789\r\n".repeat(2_000)));
    refused("a name of 20 kB", get("X".repeat(20_000) + ": 1\r\n"));
  }

  private void lines() {
    for (String line :
        List.of(
            "GARBAGE",
            "GET",
            "GET /",
            "GET  / HTTP/1.1",
            "GET /  HTTP/1.1",
            " GET / HTTP/1.1",
            "GET / HTTP/1.1 ",
            "GET\t/\tHTTP/1.1",
            "GET / HTTP/1.1\u0000",
            "GET / http/1.1",
            "GET / HTTP/1.2",
            "GET / HTTP/2.0",
            "GET / HTTP/0.9",
            "GET / HTTP/1.0",
            "GET / HTTP/1",
            "GET / HTTP/01.1",
            "GET / HTTP/1.1.1",
            "GET / HTTPS/1.1",
            "GET / ICY/1.1",
            "G\u0000T / HTTP/1.1",
            "G\u00c9T / HTTP/1.1",
            "GE(T) / HTTP/1.1",
            "GET \u0000 HTTP/1.1",
            "GET /\u0000 HTTP/1.1",
            "GET /a b HTTP/1.1",
            "GET a HTTP/1.1",
            "GET http:// HTTP/1.1",
            "GET ftp://localhost/ HTTP/1.1",
            "GET http://user@localhost/ HTTP/1.1",
            "GET //localhost/a?b#c HTTP/1.1",
            "GET /#fragment HTTP/1.1",
            "GET /\\..\\a HTTP/1.1",
            "GET /%zz HTTP/1.1",
            "GET /%c0%80 HTTP/1.1",
            "GET /{a} HTTP/1.1",
            "CONNECT localhost:80 HTTP/1.1",
            "GET * HTTP/1.1",
            "GET /" + "x".repeat(9_000) + " HTTP/1.1",
            "x".repeat(70_000))) {
      refused(
          line.length() > 60 ? line.substring(0, 60) : line,
          line + "\r\nHost: localhost\r\n" + authorization + "\r\n");
    }
    refused(
        "HTTP/2 preface",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000");
    refused("TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\n");
    refused("bare LF", "GET " + TARGET + " HTTP/1.1\nHost: localhost\n\n");
    refused("bare CR", "GET " + TARGET + " HTTP/1.1\rHost: localhost\r\r");
    refused("LF CR", "GET " + TARGET + " HTTP/1.1\n\rHost: localhost\n\r\n\r");
    refused("NULs", "\u0000".repeat(100));
    refused("SSH", "SSH-2.0-OpenSSH_9.6\r\n");
    refused("Redis", "*1\r\n$4\r\nPING\r\n");
    refused("proxy protocol", "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n");
  }

  private void unusual() {
    answered(
        "absolute form",
        "GET http://localhost"
            + TARGET
            + "?limit=1 HTTP/1.1\r\nHost: localhost\r\n"
            + authorization
            + "\r\n");
    answered(
        "absolute form, https",
        "GET https://example.com"
            + TARGET
            + " HTTP/1.1\r\nHost: localhost\r\n"
            + authorization
            + "\r\n");
    answered("an empty line before", "\r\n" + get(""));
    answered("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answered("OPTIONS", "OPTIONS " + TARGET + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answered(
        "TRACE", "TRACE " + TARGET + " HTTP/1.1\r\nHost: localhost\r\n" + authorization + "\r\n");
    answered("close", get("Connection: close\r\n") + get(""));
    answered("keep-alive", get("Connection: keep-alive, TE\r\nTE: trailers\r\n"));
    answered("spaces around a value", get("X:  \t a \t \r\n"));
    answered(
        "an unknown Upgrade",
        get("Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n"));
    answered("Expect without a body", get("Expect: 100-continue\r\n"));
    answered("Expect", post("Expect: 100-continue\r\nContent-Length: 2\r\n", "{}"));
    answered("an unknown Expect", post("Expect: something\r\nContent-Length: 2\r\n", "{}"));
    answered(
        "chunk extensions",
        post("Transfer-Encoding: chunked\r\n", "2;a=b;c=\"d\"\r\n{}\r\n0;x\r\n\r\n") + get(""));
    answered(
        "trailers",
        post(
                "Transfer-Encoding: Chunked\r\nTrailer: X\r\n",
                "2\r\n{}\r\n0\r\nX: y\r\nContent-Length: 5\r\n\r\n")
            + get(""));
    answered(
        "one byte in each chunk",
        post("Transfer-Encoding: chunked\r\n", "1\r\n{\r\n1\r\n}\r\n000\r\n\r\n") + get(""));
    answered("a body that ends early", post("Content-Length: 100\r\n", "{\"title\":"));
    answered(
        "a chunk that ends early", post("Transfer-Encoding: chunked\r\n", "100\r\n{\"title\":"));
    answered("a head that ends early", "GET " + TARGET + " HTTP/1.1\r\nHost: loc");
    answered(
        "a body with GET",
        get("Content-Length: 2\r\nContent-Type: application/json\r\n").concat("{}") + get(""));
    answered("30 pipelined", get("").repeat(30));
    answered("pipelined with bodies", post("Content-Length: 2\r\n", "{}").repeat(10));
    answered("a body of 1 byte more", post("Content-Length: 2\r\n", "{}x"));
  }
}

package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.harness.hostile.Operation;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A request to an operation, in parts that can be changed one by one. For one thread. */
final class Draft {
  final Operation operation;
  String method;

  /** Text of each parameter of the path, as sent. */
  final Map<String, String> path = new LinkedHashMap<>();

  /** Pairs such as {@code limit=25}, as sent. */
  final List<String> query = new ArrayList<>();

  /** Lines such as {@code Accept: text/html}, without those of the body. */
  final List<String> headers = new ArrayList<>();

  String contentType = "application/json";

  /** A tree from {@link RawJson#copy}, or bytes; null for no body. */
  @Nullable Object body;

  /** Whether Checkout.com's signature is that of the body. */
  boolean signed;

  /** Parts that a change may have made wrong, which the judge takes into account. */
  final Set<Change> changes = new TreeSet<>();

  /** What a change has touched. */
  enum Change {
    PATH,
    METHOD,
    HEADER,
    BODY,
    QUERY
  }

  Draft(Operation operation) {
    this.operation = operation;
    this.method = operation.method();
  }

  String target() {
    String target = operation.path();
    for (Map.Entry<String, String> parameter : path.entrySet()) {
      target = target.replace("{" + parameter.getKey() + "}", parameter.getValue());
    }
    return query.isEmpty() ? target : target + "?" + String.join("&", query);
  }

  byte[] bodyBytes() {
    return switch (body) {
      case null -> new byte[0];
      case byte[] bytes -> bytes;
      case Object tree -> RawJson.bytes(tree);
    };
  }

  /** The request as it is sent. */
  byte[] bytes() {
    byte[] content = bodyBytes();
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(target()).append(" HTTP/1.1\r\nHost: localhost\r\n");
    headers.forEach(line -> head.append(line).append("\r\n"));
    if (signed) {
      head.append("Cko-Signature: ")
          .append(CheckoutEvent.signature(FakeCheckout.WEBHOOK_SECRET, content))
          .append("\r\n");
    }
    if (body != null) {
      head.append("Content-Type: ").append(contentType).append("\r\n");
      head.append("Content-Length: ").append(content.length).append("\r\n");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    // Characters above U+00FF become several bytes, as a careless client would send them.
    head.append("\r\n")
        .chars()
        .forEach(
            c -> {
              if (c < 0x100) {
                out.write(c);
              } else {
                out.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
              }
            });
    out.writeBytes(content);
    return out.toByteArray();
  }

  /** Replaces a header's lines by one. */
  void header(String name, String value) {
    withoutHeader(name);
    headers.add(name + ": " + value);
  }

  void withoutHeader(String name) {
    headers.removeIf(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1));
  }
}

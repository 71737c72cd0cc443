package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.contract.Document;
import app.perpetua.flow.fuzz.contract.Draft.Change;
import app.perpetua.flow.harness.hostile.Hostile;
import app.perpetua.flow.harness.hostile.Hostile.Literal;
import app.perpetua.flow.harness.hostile.HostileTexts;
import app.perpetua.flow.harness.hostile.Operation;
import app.perpetua.flow.harness.hostile.Operation.Field;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All changes of a valid request to one operation that this fuzzer knows. */
final class Mutations {
  private static final List<String> METHODS =
      List.of(
          "GET",
          "HEAD",
          "POST",
          "PUT",
          "PATCH",
          "DELETE",
          "OPTIONS",
          "TRACE",
          "PROPFIND",
          "QUERY",
          "get",
          "Get",
          "FOO",
          "X-METHOD");

  /** Text of a path's parameter, as sent. */
  private static final List<String> STEPS =
      List.of(
          "",
          ".",
          "..",
          "%2e",
          "%2e%2e",
          "%2E%2E%2F",
          "..%2f..%2f",
          "%2f",
          "%5c",
          "%00",
          "a%00b",
          "%",
          "%zz",
          "%c0%80",
          "%ed%a0%80",
          "%ff",
          "a/b",
          "a//b",
          "a;b=c",
          "a;jsessionid=1",
          "*",
          "-1",
          "0",
          "null",
          "~",
          "a+b",
          "%20",
          "a%0d%0aX:%20y",
          "a%23b",
          "a%3fb",
          "me",
          "x".repeat(3_000));

  private static final List<String> HEADERS =
      List.of(
          "X-HTTP-Method-Override: DELETE",
          "X-HTTP-Method: DELETE",
          "X-Method-Override: PUT",
          "X-Original-URL: /api/v1/users/me",
          "X-Rewrite-URL: /metrics",
          "X-Forwarded-For: 127.0.0.1, 10.0.0.1",
          "X-Forwarded-Host: evil.example",
          "X-Forwarded-Proto: gopher",
          "Forwarded: for=\"_x\";host=evil.example",
          "Origin: https://evil.example",
          "Origin: null",
          "Cookie: access_token=x; JSESSIONID=y",
          "Accept: application/problem+json",
          "Accept: text/html;q=1, application/problem+json;q=0.9, */*;q=0.1",
          "Accept: text/event-stream",
          "Accept: ;;;q=,,q=2",
          "Accept: " + "a/b,".repeat(500),
          "Accept-Encoding: gzip, br, zstd",
          "Accept-Language: x-klingon;q=9",
          "Content-Encoding: gzip",
          "Content-Encoding: identity",
          "Content-Language: de",
          "Range: bytes=0-1",
          "If-Match: \"x\"",
          "If-Match: *, W/x",
          "If-None-Match: *",
          "If-None-Match: \u00ff",
          "If-Modified-Since: Tue, 01 Jan 2030 00:00:00 GMT",
          "If-Unmodified-Since: yesterday",
          "Expect: 100-continue",
          "Expect: 200-ok",
          "Connection: X-Request-ID, close",
          "Upgrade: h2c",
          "TE: trailers",
          "Via: 1.1 " + "a".repeat(200),
          "traceparent: 00-00000000000000000000000000000000-0000000000000000-ff",
          "traceparent: garbage",
          "X-Request-ID: ok-1.2_3",
          "X-Request-ID: a b",
          "X-Request-ID: " + "x".repeat(129),
          "X-Request-ID: ${jndi:ldap://127.0.0.1:1/a}",
          "X-Request-ID: \u00ff\u00fe",
          "X-Empty:",
          "X-Tab:\ta\tb",
          "X-Bytes: \u0080\u00ff",
          "X-Nul: a\0b",
          "X-Lf: a\nb",
          "X-Cr: a\rb",
          "X-Escape: \u001b[2J",
          "X Space: a",
          "X-Colon : a",
          ": a",
          " folded",
          "X-Long: " + "x".repeat(15_000),
          "X-Longer: " + "x".repeat(20_000));

  private final Operation operation;
  private final Draft example;
  private final List<Mutation> all = new ArrayList<>();

  private Mutations(Operation operation, Draft example) {
    this.operation = operation;
    this.example = example;
  }

  /** The changes of requests to an operation, in an order that depends on the contract alone. */
  static List<Mutation> of(Operation operation, Draft example) {
    return new Mutations(operation, example).list();
  }

  private List<Mutation> list() {
    for (Field field : operation.query()) {
      query(field);
    }
    queries();
    example.path.keySet().forEach(this::path);
    operation
        .document()
        .parameters(operation.contract())
        .forEach(
            (name, parameter) -> {
              if (name.startsWith("header ")) {
                header(name.substring("header ".length()));
              }
            });
    for (String line : HEADERS) {
      add(line, Change.HEADER, draft -> draft.headers.add(line));
    }
    for (String method : METHODS) {
      if (!method.equals(operation.method())) {
        add("method " + method, Change.METHOD, draft -> draft.method = method);
      }
    }
    if (operation.takesBody()) {
      bodies();
      paths().forEach(this::field);
    } else {
      for (byte[] body : List.of("{}".getBytes(StandardCharsets.UTF_8), new byte[300_000])) {
        add("an unexpected body", Change.BODY, draft -> draft.body = body);
      }
    }
    return all;
  }

  private void add(String name, Change touches, java.util.function.Consumer<Draft> change) {
    all.add(new Mutation(name, touches, change));
  }

  private void query(Field field) {
    Set<String> values = new LinkedHashSet<>(Hostile.parameters(field));
    values.addAll(HostileTexts.all());
    values.addAll(HostileTexts.NUMBERS);
    values.addAll(field.words());
    for (String value : values) {
      String encoded = URLEncoder.encode(value, StandardCharsets.UTF_8);
      add(
          field + "=" + shortened(value),
          Change.QUERY,
          draft -> draft.query.add(field + "=" + encoded));
    }
    for (String raw : List.of("%FF%FE", "%C0%80", "%ED%A0%80", "a%80", "%", "%zz", "%00", "a&b")) {
      add(field + "=" + raw, Change.QUERY, draft -> draft.query.add(field + "=" + raw));
    }
    add(
        field + " twice",
        Change.QUERY,
        draft -> draft.query.addAll(List.of(field + "=1", field + "=1")));
    add(field + "[]", Change.QUERY, draft -> draft.query.add(field + "[]=1"));
    add(field + " without a value", Change.QUERY, draft -> draft.query.add(field.name()));
  }

  private void queries() {
    for (String raw :
        List.of(
            "unexpected=1",
            "=",
            "&",
            "&&&",
            "==",
            "a",
            "a=b=c",
            "?",
            "a[b]=c",
            "%00=1",
            "%=1",
            "access_token=x",
            "_method=DELETE",
            "x=" + "y".repeat(7_000),
            "x=" + "y".repeat(9_000),
            "a=1&".repeat(1_000) + "a=1",
            "\u00e4=\u00f6",
            "x=<>{}|^`\"",
            "x=a b")) {
      add("?" + shortened(raw), Change.QUERY, draft -> draft.query.add(raw));
    }
  }

  private void path(String parameter) {
    List<String> values = new ArrayList<>(STEPS);
    for (String text : HostileTexts.all()) {
      values.add(URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20"));
    }
    for (String value : values) {
      add(
          "{" + parameter + "} = " + shortened(value),
          Change.PATH,
          draft -> draft.path.put(parameter, value));
    }
    add(
        "{" + parameter + "} in upper case",
        Change.PATH,
        draft ->
            draft.path.computeIfPresent(
                parameter, (_, id) -> id.toUpperCase(java.util.Locale.ROOT)));
    add(
        "{" + parameter + "} of nothing",
        Change.PATH,
        draft -> draft.path.put(parameter, "019ba722-4680-7c3e-9a51-2f6d8b0c4e17"));
  }

  private void header(String name) {
    if (name.equals("Cko-Signature")) {
      for (String value : List.of("", "x", "0".repeat(64), "F".repeat(64), "0".repeat(2_000))) {
        add(
            name + ": " + shortened(value),
            Change.HEADER,
            draft -> {
              draft.signed = false;
              draft.header(name, value);
            });
      }
    }
    // A line break would end the header here; the part "http" sends such requests.
    List<String> lines =
        HostileTexts.all().stream().filter(text -> !text.contains("\r\n")).toList();
    for (String text : lines) {
      add(name + ": " + shortened(text), Change.HEADER, draft -> draft.header(name, text));
    }
    for (String text : List.of("9".repeat(5_000), "\"\"", "a, b", "{x}", "\"unclosed")) {
      add(name + ": " + shortened(text), Change.HEADER, draft -> draft.header(name, text));
    }
    add("no " + name, Change.HEADER, draft -> draft.withoutHeader(name));
    add(
        name + " twice",
        Change.HEADER,
        draft -> {
          String id = java.util.UUID.randomUUID().toString();
          draft.header(name, id);
          draft.headers.add(name + ": " + id);
        });
  }

  private void bodies() {
    for (byte[] body : Hostile.bodies()) {
      add(
          "body " + shortened(new Literal(body, false).toString()),
          Change.BODY,
          d -> d.body = body);
    }
    add("no body", Change.BODY, draft -> draft.body = null);
    add("an empty body", Change.BODY, draft -> draft.body = new byte[0]);
    add("300 kB", Change.BODY, draft -> draft.body = new byte[300_000]);
    for (String type : HostileTexts.CONTENT_TYPES) {
      add("Content-Type: " + shortened(type), Change.BODY, draft -> draft.contentType = type);
    }
    for (String name : Hostile.unknownNames()) {
      add(
          "unknown field " + shortened(name),
          Change.BODY,
          draft -> RawJson.set(draft.body, List.of(name), "x"));
    }
  }

  /** Paths of all fields, of the schema and of the example, items of arrays included. */
  private Set<List<Object>> paths() {
    Set<List<Object>> paths = new LinkedHashSet<>();
    operation.fields().forEach(field -> paths.add(List.copyOf(field.path())));
    collect(List.of(), example.body, paths);
    return paths;
  }

  private static void collect(List<Object> path, @Nullable Object node, Set<List<Object>> paths) {
    if (!path.isEmpty()) {
      paths.add(path);
    }
    if (node instanceof Map<?, ?> members) {
      // Sorted, because the order of a Map.of differs between runs.
      members.keySet().stream()
          .map(String::valueOf)
          .sorted()
          .forEach(name -> collect(with(path, name), members.get(name), paths));
    } else if (node instanceof List<?> items && !items.isEmpty()) {
      collect(with(path, 0), items.getFirst(), paths);
    }
  }

  private static List<Object> with(List<Object> path, Object step) {
    List<Object> longer = new ArrayList<>(path);
    longer.add(step);
    return List.copyOf(longer);
  }

  private void field(List<Object> path) {
    List<@Nullable Object> values = new ArrayList<>();
    Field known =
        operation.fields().stream()
            .filter(field -> field.path().equals(path))
            .findFirst()
            .orElse(new Field(List.of("x"), Map.of("type", "string", "maxLength", 100)));
    values.addAll(
        Hostile.literals(
            known.type().equals("any")
                ? new Field(known.path(), Map.of("type", "object"))
                : known));
    HostileTexts.NUMBERS.forEach(number -> values.add(Literal.json(number)));
    values.addAll(HostileTexts.all());
    values.addAll(known.words());
    values.addAll(List.of(true, List.of(), Map.of(), Map.of("x", List.of(1)), 1));
    values.add(null);
    values.add("x".repeat(250_000));
    Object valid = RawJson.at(example.body, path);
    values.add(new RawJson.Twice(valid, valid));
    values.add(new RawJson.Twice(null, valid));
    values.add(valid == null ? List.of("x") : List.of(valid));
    String name =
        Document.list(path).stream().map(String::valueOf).reduce((a, b) -> a + "." + b).orElse("");
    for (Object value : values) {
      add(
          name + " = " + shortened(String.valueOf(value)),
          Change.BODY,
          draft -> RawJson.set(draft.body, path, value));
    }
    add("no " + name, Change.BODY, draft -> RawJson.remove(draft.body, path));
    add(
        "unknown member beside " + name,
        Change.BODY,
        draft -> RawJson.set(draft.body, with(path.subList(0, path.size() - 1), "colour"), "red"));
  }

  private static String shortened(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "… (" + text.length() + ")" : text;
  }
}

package app.perpetua.flow.dev.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.parsing.CursorKey;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.helidon.common.uri.UriQuery;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * HTTP server through which users and scripts control the dev server. Requests and responses are
 * JSON; listens on the loopback address only. Thread-safe.
 */
public final class ControlPort implements AutoCloseable {
  /**
   * The response to a call.
   *
   * @param body serialized as JSON
   */
  public record Answer(int status, Object body) {
    /** Success. */
    public static Answer ok(Object body) {
      return new Answer(200, body);
    }

    /** An error: a code for programs and a message for people. */
    public static Answer failed(int status, String code, String message) {
      return new Answer(status, Map.of("error", new Problem(code, message, List.of())));
    }
  }

  private record Problem(String code, String message, List<FieldError> details) {}

  /** Runs a call. A {@link Refusal} becomes an error response. */
  @FunctionalInterface
  public interface Handler {
    Answer handle(JsonReader body) throws IOException, InterruptedException;
  }

  /** Runs a call whose body is not a flat object; receives it parsed and as a reader. */
  @FunctionalInterface
  public interface TreeHandler {
    Answer handle(JsonReader body, JsonNode tree) throws IOException, InterruptedException;
  }

  /**
   * Runs a call that reads parameters of the query string, which it must validate; a call with
   * another handler takes none.
   */
  @FunctionalInterface
  public interface QueryHandler {
    Answer handle(JsonReader body, JsonNode tree, QueryParameters query)
        throws IOException, InterruptedException;
  }

  /**
   * One call.
   *
   * @param method GET or POST
   * @param path without parameters
   * @param takes description of the body's fields or of the query's parameters
   * @param does description of the effect
   */
  public record Call(String method, String path, String takes, String does, QueryHandler handler) {
    /** A call without parameters. */
    public Call(String method, String path, String takes, String does, Handler handler) {
      this(method, path, takes, does, (body, _) -> handler.handle(body));
    }

    /** A call without parameters. */
    public Call(String method, String path, String takes, String does, TreeHandler handler) {
      this(
          method,
          path,
          takes,
          does,
          (body, tree, query) -> {
            query.validate();
            return handler.handle(body, tree);
          });
    }
  }

  private static final System.Logger LOG = System.getLogger(ControlPort.class.getName());
  private static final int MAX_BODY = 64 * 1024;
  private static final Pattern LOOPBACK_HOST =
      Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:[0-9]{1,5})?");

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Map<String, Call>> calls = new LinkedHashMap<>();
  private final Json json;

  /** Origins of pages by the path that they may call. */
  private final Map<String, String> guests = new ConcurrentHashMap<>();

  /** No call has pages. */
  private final CursorKey cursors = new CursorKey(new Secret("unused"));

  /**
   * Starts listening.
   *
   * @param port 0 for any free port
   * @param where entries that {@code GET /} lists before the calls
   * @throws UncheckedIOException if the port cannot be opened
   */
  public ControlPort(int port, List<Call> calls, Supplier<Map<String, Object>> where, Json json) {
    this.json = json;
    this.calls.put("/", Map.of("GET", listing(where, calls)));
    for (Call call : calls) {
      this.calls.computeIfAbsent(call.path(), _ -> new LinkedHashMap<>()).put(call.method(), call);
    }
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new UncheckedIOException("port " + port + " cannot be opened", e);
    }
    serve("/", this::serve);
    server.setExecutor(threads);
    server.start();
  }

  private static Call listing(Supplier<Map<String, Object>> where, List<Call> calls) {
    List<Map<String, String>> all =
        calls.stream()
            .map(
                call -> {
                  Map<String, String> shown = new LinkedHashMap<>();
                  shown.put("call", call.method() + " " + call.path());
                  if (!call.takes().isEmpty()) {
                    shown.put("takes", call.takes());
                  }
                  shown.put("does", call.does());
                  return shown;
                })
            .toList();
    return new Call(
        "GET",
        "/",
        "",
        "",
        _ -> {
          Map<String, Object> overview = new LinkedHashMap<>(where.get());
          overview.put("calls", all);
          return Answer.ok(overview);
        });
  }

  /** Delegates every request below a path to another handler. */
  public void serve(String below, HttpHandler handler) {
    server.createContext(below, exchange -> guarded(exchange, handler));
  }

  /** Serves a page at {@code GET /} to clients that accept HTML; others get the list of calls. */
  public void home(HttpHandler page) {
    server.removeContext("/");
    serve(
        "/",
        exchange -> {
          if (isBrowserAtHome(exchange)) {
            page.handle(exchange);
          } else {
            serve(exchange);
          }
        });
  }

  /**
   * Lets pages of one other origin call a path and read the answer, by requests that need no
   * preflight.
   */
  public void allow(String origin, String path) {
    guests.put(path, origin);
  }

  private static boolean isBrowserAtHome(HttpExchange exchange) {
    String accept = exchange.getRequestHeaders().getFirst("Accept");
    return exchange.getRequestURI().getPath().equals("/")
        && Set.of("GET", "HEAD").contains(exchange.getRequestMethod())
        && accept != null
        && accept.contains("text/html");
  }

  /**
   * Pages of other sites can send requests to this machine, also under a name of their own that
   * resolves to it. Such requests name a foreign origin or host.
   */
  private void guarded(HttpExchange exchange, HttpHandler handler) throws IOException {
    String origin = exchange.getRequestHeaders().getFirst("Origin");
    String host = exchange.getRequestHeaders().getFirst("Host");
    boolean guest = origin != null && origin.equals(guests.get(exchange.getRequestURI().getPath()));
    boolean allowed =
        host != null
            && LOOPBACK_HOST.matcher(host).matches()
            && (origin == null || guest || origin.equals("http://" + host));
    if (allowed) {
      if (guest) {
        exchange.getResponseHeaders().add("Access-Control-Allow-Origin", origin);
        exchange.getResponseHeaders().add("Vary", "Origin");
      }
      handler.handle(exchange);
    } else {
      try (exchange) {
        send(exchange, Answer.failed(403, "FORBIDDEN", "only for programs and for its own pages"));
      }
    }
  }

  /** The port's base URL. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      send(exchange, answer(exchange));
    }
  }

  private void send(HttpExchange exchange, Answer answer) throws IOException {
    byte[] bytes = json.bytes(answer.body());
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.getResponseHeaders().add("Cache-Control", "no-store");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.status(), head ? -1 : bytes.length);
    if (!head) {
      exchange.getResponseBody().write(bytes);
    }
  }

  private Answer answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    Map<String, Call> here = calls.get(path);
    if (here == null) {
      return Answer.failed(404, "NOT_FOUND", "there is no " + path + "; GET / lists all calls");
    }
    Call call = here.get(exchange.getRequestMethod());
    if (call == null) {
      String allowed = here.keySet().stream().sorted().collect(Collectors.joining(", "));
      exchange.getResponseHeaders().add("Allow", allowed);
      return Answer.failed(405, "METHOD_NOT_ALLOWED", path + " takes " + allowed);
    }
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    if (body.length > MAX_BODY) {
      return Answer.failed(413, "PAYLOAD_TOO_LARGE", "the body is larger than 64 KiB");
    }
    try {
      JsonReader parsed = JsonReader.parse(json, body);
      String text = body.length == 0 ? "{}" : new String(body, UTF_8);
      return call.handler().handle(parsed, json.parse(text), query(exchange));
    } catch (Refusal e) {
      return new Answer(
          e.code().status(),
          Map.of("error", new Problem(e.code().name(), e.message(), e.fieldErrors())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.failed(503, "SERVICE_UNAVAILABLE", "the dev server is stopping");
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "control port: " + call.path(), e);
      return Answer.failed(500, "INTERNAL_ERROR", String.valueOf(e.getMessage()));
    }
  }

  private QueryParameters query(HttpExchange exchange) {
    UriQuery query =
        UriQuery.create(Objects.requireNonNullElse(exchange.getRequestURI().getRawQuery(), ""));
    return new QueryParameters(
        query.names(),
        name -> query.contains(name) ? query.get(name) : null,
        cursors.of(exchange.getRequestURI().getPath(), null));
  }

  /** Stops listening; requests in progress are aborted. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}

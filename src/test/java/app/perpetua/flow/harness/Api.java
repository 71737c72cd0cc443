package app.perpetua.flow.harness;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client of the API that validates every response, and every request unless it is {@link
 * #invalidOnPurpose}, against the contract. POST and PATCH get a new {@code Idempotency-Key} where
 * the contract requires one. The {@code with…} methods return a changed copy that shares the
 * connections. Immutable; thread-safe.
 */
public final class Api implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final String KEY = "Idempotency-Key";

  private final HttpClient client;
  private final URI base;
  private final Map<String, String> headers;
  private final boolean keyed;
  private final boolean valid;
  private final Json json = new Json();

  private Api(
      HttpClient client, URI base, Map<String, String> headers, boolean keyed, boolean valid) {
    this.client = client;
    this.base = base;
    this.headers = headers;
    this.keyed = keyed;
    this.valid = valid;
  }

  public Api(URI base) {
    this(
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(),
        base,
        Map.of(),
        true,
        true);
  }

  /** Uses this access token. */
  public Api as(String accessToken) {
    return with("Authorization", "Bearer " + accessToken);
  }

  /** Sends this {@code Idempotency-Key} with every request, to repeat a request. */
  public Api withKey(UUID key) {
    return with(KEY, key.toString());
  }

  /** Sends no {@code Idempotency-Key}. */
  public Api withoutKey() {
    return new Api(client, base, headers, false, valid);
  }

  /** Sends this header, replacing an earlier one of that name. */
  public Api with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Api(client, base, more, keyed, valid);
  }

  /** Allows requests that violate the contract; responses are still validated. */
  public Api invalidOnPurpose() {
    return new Api(client, base, headers, keyed, false);
  }

  /** GET. */
  public Answer get(String target) {
    return send("GET", target, null);
  }

  /** POST without a body. */
  public Answer post(String target) {
    return send("POST", target, null);
  }

  /** POST. */
  public Answer post(String target, Object body) {
    return send("POST", target, body);
  }

  /** PATCH. */
  public Answer patch(String target, Object body) {
    return send("PATCH", target, body);
  }

  /** PUT. */
  public Answer put(String target, Object body) {
    return send("PUT", target, body);
  }

  /** DELETE without a body. */
  public Answer delete(String target) {
    return send("DELETE", target, null);
  }

  /** DELETE. */
  public Answer delete(String target, Object body) {
    return send("DELETE", target, body);
  }

  /** Creates a task with that title and otherwise default values; returns its id. */
  public String createTask(String title) {
    return post("/api/v1/tasks", Map.of("title", title)).expect(201).id();
  }

  /** Creates a subtask of a task; returns its id. */
  public String createSubtask(String task, String title) {
    return post("/api/v1/tasks/" + task + "/subtasks", Map.of("title", title)).expect(201).id();
  }

  /** Creates a note with that content; returns its id. */
  public String createNote(String content) {
    return post("/api/v1/notes", Map.of("content", content)).expect(201).id();
  }

  /**
   * Sends a request and waits for the complete response.
   *
   * @param target path and query
   * @param body bytes and text are sent as they are, anything else as JSON; null for none
   * @throws AssertionError if request or response violates the contract
   */
  public Answer send(String method, String target, @Nullable Object body) {
    byte[] bytes =
        switch (body) {
          case null -> new byte[0];
          case byte[] ready -> ready;
          case String text -> text.getBytes(StandardCharsets.UTF_8);
          case Object value -> json.bytes(value);
        };
    Map<String, String> sent = new LinkedHashMap<>(headers);
    if (body != null) {
      sent.putIfAbsent("Content-Type", "application/json");
    }
    if (keyed && needsKey(method, target)) {
      sent.putIfAbsent(KEY, UUID.randomUUID().toString());
    }
    Contract contract = Contract.current();
    // Preflights are the browser's protocol, not part of the contract.
    boolean preflight = method.equals("OPTIONS");
    if (valid && !preflight) {
      Map<String, List<String>> lists = new LinkedHashMap<>();
      sent.forEach((name, value) -> lists.put(name, List.of(value)));
      assertValid(
          "request",
          contract.faultsOf(method, target, new Contract.Message(lists, bytes)),
          method + " " + target + " " + new String(bytes, StandardCharsets.UTF_8));
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(target))
            .timeout(TIMEOUT)
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(bytes));
    sent.forEach(request::setHeader);
    Answer answer = new Answer(json, method + " " + target, exchange(request.build()));
    if (!preflight) {
      Contract.Message message =
          new Contract.Message(answer.response.headers().map(), answer.bytes());
      assertValid(
          "answer", contract.faultsOf(method, target, answer.status(), message), answer.toString());
    }
    return answer;
  }

  @Override
  public void close() {
    client.close();
  }

  private HttpResponse<byte[]> exchange(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(request.toString(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(request.toString(), e);
    }
  }

  private static boolean needsKey(String method, String target) {
    return (method.equals("POST") || method.equals("PATCH"))
        && !target.startsWith("/api/v1/auth/")
        && !target.startsWith("/api/v1/webhooks/checkout");
  }

  private static void assertValid(String what, List<String> faults, String shown) {
    if (!faults.isEmpty()) {
      throw new AssertionError(
          "the " + what + " violates the contract: " + String.join("; ", faults) + "\n" + shown);
    }
  }

  /** A response that conforms to the contract. Immutable. */
  public static final class Answer {
    private final Json json;
    private final String request;
    private final HttpResponse<byte[]> response;

    private Answer(Json json, String request, HttpResponse<byte[]> response) {
      this.json = json;
      this.request = request;
      this.response = response;
    }

    /** The HTTP status. */
    public int status() {
      return response.statusCode();
    }

    /** A header's first value. */
    public Optional<String> header(String name) {
      return response.headers().firstValue(name);
    }

    /** The body's bytes. */
    public byte[] bytes() {
      return response.body();
    }

    /** The body as text. */
    public String text() {
      return new String(bytes(), StandardCharsets.UTF_8);
    }

    /** The body as JSON. */
    public JsonNode json() {
      return json.parse(text());
    }

    /** The envelope's {@code data}. */
    public JsonNode data() {
      return json().required("data");
    }

    /** The {@code id} of the resource in {@code data}. */
    public String id() {
      return data().required("id").stringValue();
    }

    /** {@code error.code} of a refusal. */
    public String errorCode() {
      return json().required("error").required("code").stringValue();
    }

    /**
     * Returns this response if it has that status.
     *
     * @throws AssertionError with the response, if not
     */
    public Answer expect(int status) {
      if (status() != status) {
        throw new AssertionError("expected " + status + ", got " + this);
      }
      return this;
    }

    /**
     * Returns this response if it is an error with that status and code.
     *
     * @throws AssertionError with the response, if not
     */
    public Answer expect(int status, String code) {
      if (!expect(status).errorCode().equals(code)) {
        throw new AssertionError("expected " + code + ", got " + this);
      }
      return this;
    }

    @Override
    public String toString() {
      return status() + " to " + request + ": " + text();
    }
  }
}

package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request as a route sees it: authenticated, within its limits, its body read. Knows nothing of
 * the server underneath. Confined to the request's thread.
 */
public final class Request {
  private final Json json;
  private final Exchange exchange;
  private final @Nullable Principal principal;
  private final Function<String, String> pathParameters;
  private final Function<String, @Nullable String> headers;
  private final Query query;
  private final byte[] bytes;
  private final Instant now;

  Request(
      Json json,
      Exchange exchange,
      @Nullable Principal principal,
      Function<String, String> pathParameters,
      Function<String, @Nullable String> headers,
      Query query,
      byte[] bytes,
      Instant now) {
    this.json = json;
    this.exchange = exchange;
    this.principal = principal;
    this.pathParameters = pathParameters;
    this.headers = headers;
    this.query = query;
    this.bytes = bytes;
    this.now = now;
  }

  /** When it is being answered, for what can be checked before the transaction begins. */
  public Instant now() {
    return now;
  }

  /** The request's id, ours or a well-formed one of the client's. */
  public String id() {
    return exchange.requestId();
  }

  /** The client's address as far as proxies can be trusted. */
  public String client() {
    return exchange.client();
  }

  /**
   * True if it comes from this machine itself. What a proxy on this machine passes on does not,
   * which it shows by the headers that proxies add.
   */
  public boolean local() {
    return exchange.local() && header("X-Forwarded-For").isEmpty() && header("Forwarded").isEmpty();
  }

  /**
   * Who is asking.
   *
   * @throws IllegalStateException on a route that needs no token
   */
  public Principal principal() {
    if (principal == null) {
      throw new IllegalStateException("this route knows no principal");
    }
    return principal;
  }

  /**
   * A path parameter that is an id.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is no UUID
   */
  public UUID pathId(String name) {
    UUID id = Text.uuid(pathParameters.apply(name));
    if (id == null) {
      throw Refusal.invalid(name, Text.NO_UUID);
    }
    return id;
  }

  /** A header's first value. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.apply(name));
  }

  /**
   * A header that is an id; null if it is not there.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is no UUID
   */
  public @Nullable UUID headerId(String name) {
    String header = headers.apply(name);
    if (header == null) {
      return null;
    }
    UUID id = Text.uuid(header.strip());
    if (id == null) {
      throw Refusal.invalid(name, Text.NO_UUID);
    }
    return id;
  }

  /** The query string. */
  public Query query() {
    return query;
  }

  /**
   * The body as a JSON object.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is none
   */
  public Body body() {
    return Body.parse(json, bytes);
  }

  /** The body as it came. */
  public byte[] bytes() {
    return bytes.clone();
  }
}

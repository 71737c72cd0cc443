package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.parsing.Accept;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The request that a route's handler receives: authenticated, within the rate limit, its body read.
 * Confined to the request's thread.
 */
public final class Request {
  private final Json json;
  private final RequestContext context;
  private final @Nullable Principal principal;
  private final Function<String, String> pathParameters;
  private final Function<String, @Nullable String> headers;
  private final QueryParameters query;
  private final byte[] bytes;
  private final Instant now;
  private boolean bodyRead;

  public Request(
      Json json,
      RequestContext context,
      @Nullable Principal principal,
      Function<String, String> pathParameters,
      Function<String, @Nullable String> headers,
      QueryParameters query,
      byte[] bytes,
      Instant now) {
    this.json = json;
    this.context = context;
    this.principal = principal;
    this.pathParameters = pathParameters;
    this.headers = headers;
    this.query = query;
    this.bytes = bytes;
    this.now = now;
  }

  /** The current time, for checks before the transaction begins. */
  public Instant now() {
    return now;
  }

  /** {@code X-Request-ID}: the client's if it is well-formed, otherwise a generated one. */
  public String id() {
    return context.requestId();
  }

  /** The client's address, as forwarded by trusted proxies. */
  public String client() {
    return context.client();
  }

  /**
   * Whether the request comes from this machine. A request that a proxy on this machine forwards
   * does not; it is recognized by the headers that proxies add.
   */
  public boolean local() {
    return context.local();
  }

  /**
   * The authenticated user.
   *
   * @throws IllegalStateException on a route that requires no token
   */
  public Principal principal() {
    if (principal == null) {
      throw new IllegalStateException("this route requires no token");
    }
    return principal;
  }

  /**
   * A path parameter that is an id.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is not a UUID
   */
  public UUID pathId(String name) {
    return uuid(name, pathParameters.apply(name));
  }

  /** A path parameter as the client sent it. */
  public String pathText(String name) {
    return pathParameters.apply(name);
  }

  /** The media types that the client accepts. */
  public Accept accept() {
    return context.accept();
  }

  /** The token in the {@code Authorization} header; a 401 then says that it is invalid. */
  public Optional<String> bearerToken() {
    Optional<String> token = header("Authorization").flatMap(Authenticator::bearerToken);
    token.ifPresent(_ -> context.tokenPresented());
    return token;
  }

  /** A header's first value. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.apply(name));
  }

  /**
   * A header that is an id; null if the request has no such header.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is not a UUID
   */
  public @Nullable UUID headerId(String name) {
    String header = headers.apply(name);
    return header == null ? null : uuid(name, header.strip());
  }

  private static UUID uuid(String name, String value) {
    UUID id = Formats.uuid(value);
    if (id == null) {
      throw Refusal.invalid(name, Formats.INVALID_UUID);
    }
    return id;
  }

  public QueryParameters query() {
    return query;
  }

  /**
   * Parses the body.
   *
   * @throws Refusal as {@link JsonReader#parse}
   */
  public JsonReader body() {
    bodyRead = true;
    return JsonReader.parse(json, bytes);
  }

  /** Whether {@link #body} has been called. */
  boolean isBodyRead() {
    return bodyRead;
  }

  /** A request by the same client, which a command in this request's body stands for. */
  Request ofCommand(Map<String, String> pathOfCommand, byte[] bodyOfCommand, Instant time) {
    return new Request(
        json,
        context,
        principal(),
        pathOfCommand::get,
        _ -> null,
        query.none(),
        bodyOfCommand,
        time);
  }

  /**
   * A request by the same client to another operation.
   *
   * @param queryOfOperation its parameters, none of them unnamed
   */
  Request ofOperation(
      Map<String, String> pathOfOperation,
      QueryParameters queryOfOperation,
      byte[] bodyOfOperation,
      Instant time) {
    return new Request(
        json,
        context,
        principal(),
        pathOfOperation::get,
        _ -> null,
        queryOfOperation,
        bodyOfOperation,
        time);
  }

  /** The context of the HTTP request. */
  RequestContext context() {
    return context;
  }

  /** A copy of the raw body. */
  public byte[] bytes() {
    return bytes.clone();
  }
}

package app.perpetua.flow.http;

import app.perpetua.flow.http.auth.Scope;
import app.perpetua.flow.sql.Tx;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint.
 *
 * @param path the full path with parameters in braces
 * @param bucket the rate limit that its requests count towards
 * @param sunset non-null once the end of the endpoint has been announced (FR-069b)
 * @param created the path of a created resource, for {@code Location}, with members of {@code data}
 *     in braces; null if the endpoint creates none
 * @param idempotencyPath the path that idempotency keys are stored with, without the query; null
 *     for that of the request
 * @param validation null if the route ignores preconditions
 * @param command null if commands of batches cannot stand for requests to it
 * @param scopes all of which a personal access token needs; null if none is accepted (FR-155)
 */
public record Route(
    Verb method,
    String path,
    Bucket bucket,
    Handler handler,
    @Nullable Sunset sunset,
    @Nullable String created,
    @Nullable String idempotencyPath,
    @Nullable Validation validation,
    @Nullable CommandType command,
    @Nullable Set<Scope> scopes) {
  private Route(Verb method, String path, Bucket bucket, Handler handler) {
    this(method, path, bucket, handler, null, null, null, null, null, null);
  }

  /** The methods of the contract, without HEAD and OPTIONS, which {@code http.server} answers. */
  public enum Verb {
    GET,
    POST,
    PUT,
    PATCH,
    DELETE
  }

  /** The rate limits of the contract. */
  public enum Bucket {
    /** Not limited, and answered even above the connection limit: health. */
    PROBE,
    /** Not limited: metrics, contract, keys, webhooks. */
    EXEMPT,
    /** Per address: sign-in and tokens. */
    AUTH,
    /** Per user: calls to a model. */
    AI,
    /** Per capability URL, or per address for unknown ones. */
    CAPABILITY,
    /** Per user, or per address without a token: everything else. */
    GENERAL;

    private final String policy = name().toLowerCase(Locale.ROOT);

    /** Its name in {@code RateLimit-Policy}. */
    String policy() {
      return policy;
    }
  }

  /**
   * The representation that the preconditions of a request are about (RFC 9110, section 13).
   *
   * @param read answers the representation
   * @param answered whether the route itself answers it, and so with its entity tag
   */
  record Validation(Work read, boolean answered) {}

  /**
   * The commands that stand for requests to the route ({@link Batch}).
   *
   * @param name unique, and part of the contract
   * @param idArgument the argument that is the parameter of the path; null if the path has none
   * @param versionInBody whether the body has a {@code version}, on which the change depends
   */
  public record CommandType(String name, @Nullable String idArgument, boolean versionInBody) {}

  /** Answers a request; its type determines the checks. */
  public sealed interface Handler {}

  /** Requires an access token. */
  public sealed interface Authenticated extends Handler {}

  /** Also reads an {@code Idempotency-Key}. */
  public sealed interface Keyed extends Authenticated {}

  /** Answers without a transaction. */
  record Public(Function<Request, Reply> answer) implements Handler {}

  /** Answers the requests for a WebSocket that were not upgraded. */
  record Socket() implements Handler {}

  /** Requires no token: the secret in the path is the credential. */
  record CapabilityRead(CapabilityLookup lookup) implements Handler {}

  /** Runs in a transaction of the system. */
  record SystemWrite(Work work) implements Handler {}

  /** Runs with a connection for reading. */
  record Read(Work work) implements Authenticated {}

  /** Runs with a connection for reading until it is open; holds neither while it is written. */
  record Stream(Opening opening, Length length) implements Authenticated {}

  /** How long a streamed answer is. */
  enum Length {
    /** It ends by itself, and answers HEAD as well. */
    FINITE,
    /** It stays open. */
    ENDLESS
  }

  /** Runs in a transaction with the owner locked. */
  record Write(Work work) implements Keyed {}

  /**
   * As {@link Write}, but reads no {@code Idempotency-Key}: the answer is a secret, which must be
   * neither stored nor repeated.
   */
  record SecretWrite(Work work) implements Authenticated {}

  /**
   * As {@link Write}, with a file as the body.
   *
   * @param prepare parses and checks the request, which has no other body
   */
  record FileWrite(FileWork prepare) implements Keyed {}

  /** Parses a request before its file is received. */
  @FunctionalInterface
  public interface FileWork {
    /** Parses and checks the request; the result runs in the transaction. */
    BiFunction<Tx, Upload, Reply> prepare(Request request);
  }

  /**
   * Runs commands, each as a request of its own. Reads no {@code Idempotency-Key}, because each
   * command has one.
   *
   * @param prepare parses and checks the request
   */
  record Commands(Function<Request, Batch> prepare) implements Authenticated {}

  /**
   * Executes other operations, each with its own checks. Reads no {@code Idempotency-Key}, because
   * each operation has one.
   *
   * @param work runs without a transaction, after the session was checked
   */
  record Calls(CallsWork work) implements Authenticated {}

  /**
   * Reserves, calls a provider and settles.
   *
   * @param prepare parses and checks the request
   * @param streams when the answer is a stream of events
   */
  record ProviderCall(Function<Request, TwoPhaseRequest<?, ?>> prepare, Streams streams)
      implements Keyed {}

  /** When an answer is a stream of events. */
  public enum Streams {
    NEVER,
    IF_ACCEPTED,
    ALWAYS
  }

  /**
   * Parses a request without side effects, then answers it inside a transaction, which may run
   * again.
   */
  @FunctionalInterface
  public interface Work {
    /** Parses and checks the request; the result runs in the transaction. */
    Function<Tx, Reply> prepare(Request request);
  }

  /** Finds what the secret in the path of a request gives access to. */
  @FunctionalInterface
  public interface CapabilityLookup {
    /** As a short statement of the system; empty if the secret is unknown. */
    Optional<Capability> find(Request request, Tx tx);
  }

  /**
   * What a secret gives access to.
   *
   * @param id its requests are counted together
   * @param userId whose data is read
   * @param entityTag changes whenever the representation does; with quotes
   * @param read the representation, from a connection for reading
   */
  public record Capability(UUID id, UUID userId, String entityTag, Function<Tx, Reply> read) {}

  /**
   * Parses a request without side effects, reads what the stream begins with, and then opens it.
   */
  @FunctionalInterface
  public interface Opening {
    /**
     * Parses and checks the request; the result runs in the transaction, and what that returns
     * after it.
     */
    Function<Tx, Supplier<Reply>> prepare(Request request);
  }

  /** Answers a request by executing operations. */
  @FunctionalInterface
  public interface CallsWork {
    /**
     * Answers the request.
     *
     * @param zone the user's time zone
     */
    Reply answer(Request request, ZoneId zone, Operations operations);
  }

  /**
   * The end of an endpoint or of one of its parameters (RFC 9745, RFC 8594).
   *
   * @param migration describes the replacement
   */
  public record Sunset(Instant deprecatedAt, Instant removedAt, URI migration) {
    /** The headers that announce it (FR-069b). */
    public Map<String, String> headers() {
      return Map.of(
          "Deprecation", "@" + deprecatedAt.getEpochSecond(),
          "Sunset", HttpDate.of(removedAt),
          "Link", "<" + migration + ">; rel=\"deprecation\"");
    }
  }

  /** A public answer that is not rate-limited. */
  public static Route plain(String path, Function<Request, Reply> answer) {
    return new Route(Verb.GET, path, Bucket.EXEMPT, new Public(answer));
  }

  /** A health probe. */
  public static Route probe(String path, Function<Request, Reply> answer) {
    return new Route(Verb.GET, path, Bucket.PROBE, new Public(answer));
  }

  /**
   * A read by clients that send neither a token nor headers: a secret in the path says what they
   * may read (docs/decisions/calendar-feeds.md). The path is not shown in errors. Answers 304 to a
   * client that has the representation.
   */
  public static Route capability(String path, CapabilityLookup lookup) {
    return new Route(Verb.GET, path, Bucket.CAPABILITY, new CapabilityRead(lookup));
  }

  /** The path of a WebSocket. */
  public static Route socket(String path) {
    return new Route(Verb.GET, path, Bucket.GENERAL, new Socket());
  }

  /** Sign-in and tokens: no access token, limited per address. */
  public static Route auth(String path, Work work) {
    return new Route(Verb.POST, path, Bucket.AUTH, new SystemWrite(work));
  }

  /** A read of the signed-in user's data. */
  public static Route read(String path, Work work) {
    return new Route(Verb.GET, path, Bucket.GENERAL, new Read(work));
  }

  /** A stream of events about the signed-in user's data, which stays open. */
  public static Route stream(String path, Opening opening) {
    return new Route(Verb.GET, path, Bucket.GENERAL, new Stream(opening, Length.ENDLESS));
  }

  /** A read of the signed-in user's data into a file, which is sent without a connection. */
  public static Route download(String path, Opening opening) {
    return new Route(Verb.GET, path, Bucket.GENERAL, new Stream(opening, Length.FINITE));
  }

  /** A change of the signed-in user's data. */
  public static Route write(Verb method, String path, Work work) {
    return new Route(method, path, Bucket.GENERAL, new Write(work));
  }

  /** A change of the signed-in user's data by a file. */
  public static Route upload(String path, FileWork prepare) {
    return new Route(Verb.POST, path, Bucket.GENERAL, new FileWrite(prepare));
  }

  /** A request for a secret of the signed-in user. */
  public static Route secret(String path, Work work) {
    return new Route(Verb.POST, path, Bucket.GENERAL, new SecretWrite(work));
  }

  /** A batch of commands of the signed-in user. */
  public static Route commands(String path, Function<Request, Batch> prepare) {
    return new Route(Verb.POST, path, Bucket.GENERAL, new Commands(prepare));
  }

  /**
   * A request that executes other operations of the signed-in user, which check the scopes: any
   * personal access token is accepted.
   */
  public static Route calls(String path, CallsWork work) {
    return new Route(Verb.POST, path, Bucket.GENERAL, new Calls(work)).scopes(new Scope[0]);
  }

  /** A request that calls a provider. */
  public static Route providerCall(
      String path,
      Bucket bucket,
      Streams streams,
      Function<Request, TwoPhaseRequest<?, ?>> prepare) {
    return new Route(Verb.POST, path, bucket, new ProviderCall(prepare, streams));
  }

  /** A provider's webhook: signed instead of authenticated by a token, and not rate-limited. */
  public static Route webhook(String path, Work work) {
    return new Route(Verb.POST, path, Bucket.EXEMPT, new SystemWrite(work));
  }

  /** The same route, whose answer 201 is about the resource at this path. */
  public Route creates(String resource) {
    return new Route(
        method,
        path,
        bucket,
        handler,
        sunset,
        resource,
        idempotencyPath,
        validation,
        command,
        scopes);
  }

  /** The same route, which accepts personal access tokens that have all these scopes, if any. */
  public Route scopes(Scope... required) {
    return new Route(
        method,
        path,
        bucket,
        handler,
        sunset,
        created,
        idempotencyPath,
        validation,
        command,
        Set.of(required));
  }

  /** The same route with its end announced. */
  public Route deprecated(Sunset end) {
    return new Route(
        method, path, bucket, handler, end, created, idempotencyPath, validation, command, scopes);
  }

  /** The same route, sharing its idempotency keys with the route of that literal path. */
  public Route sharingKeysWith(String otherPath) {
    return new Route(
        method, path, bucket, handler, sunset, created, otherPath, validation, command, scopes);
  }

  /** The same read, with an entity tag, and 304 for a client that has the representation. */
  public static Route conditionalRead(String path, Work work) {
    return read(path, work).validated(new Validation(work, true));
  }

  /** The same change, which heeds {@code If-Match} of what that read of the same path answers. */
  public Route conditionalOn(Work read) {
    return validated(new Validation(read, false));
  }

  /** The same PATCH, conditional on what that read answers, which it answers itself. */
  public Route answering(Work read) {
    return validated(new Validation(read, true));
  }

  private Route validated(Validation representation) {
    return new Route(
        method,
        path,
        bucket,
        handler,
        sunset,
        created,
        idempotencyPath,
        representation,
        command,
        scopes);
  }

  /** The same route, to which commands of this type are requests. */
  public Route command(String type) {
    return command(new CommandType(type, parameter(), false));
  }

  /** As {@link #command(String)}, with another name for the parameter of the path. */
  public Route command(String type, String idArgument) {
    return command(new CommandType(type, idArgument, false));
  }

  /** As {@link #command(String)}, for a body with a {@code version}. */
  public Route versionedCommand(String type) {
    return command(new CommandType(type, parameter(), true));
  }

  private Route command(CommandType type) {
    return new Route(
        method, path, bucket, handler, sunset, created, idempotencyPath, validation, type, scopes);
  }

  /** The name of the path's parameter; null if it has none. No path of a command has several. */
  @Nullable String parameter() {
    int start = path.indexOf('{');
    return start < 0 ? null : path.substring(start + 1, path.indexOf('}'));
  }

  /** Whether commands that stand for requests to this route may name the version to change. */
  public boolean takesVersion() {
    return command != null
        && (command.versionInBody() || (validation != null && method == Verb.DELETE));
  }
}

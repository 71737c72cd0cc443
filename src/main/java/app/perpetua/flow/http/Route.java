package app.perpetua.flow.http;

import app.perpetua.flow.sql.Tx;
import java.net.URI;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint: method, path, what guards it, and what runs.
 *
 * @param method the HTTP method
 * @param path the full path with parameters in braces
 * @param bucket which rate limit it draws from
 * @param handler what runs
 * @param sunset non-null once the endpoint has been announced to go (FR-069b)
 */
public record Route(
    Verb method, String path, Bucket bucket, Handler handler, @Nullable Sunset sunset) {
  /** The methods of the contract; HEAD and OPTIONS are answered by the toolkit. */
  public enum Verb {
    GET,
    POST,
    PUT,
    PATCH,
    DELETE
  }

  /** The rate limits of the contract. */
  public enum Bucket {
    /** Not limited, and answered even when there are too many connections: health. */
    PROBE,
    /** Not limited: metrics, contract, keys, webhooks. */
    EXEMPT,
    /** Per address: sign-in and tokens. */
    AUTH,
    /** Per user: what calls a model. */
    AI,
    /** Per user, or per address where nobody is signed in: the rest. */
    GENERAL
  }

  /** What runs, and with what guarantees. */
  public sealed interface Handler {}

  /** Answers without a token and without a transaction. */
  record Plain(Function<Request, Reply> answer) implements Handler {}

  /** What a WebSocket answers to whoever is not let in. */
  record Socket(Function<Request, Reply> answer) implements Handler {}

  /** No token; parsed, then run in a transaction of the system. */
  record Open(Work work) implements Handler {}

  /** A token; parsed, then run with a connection for reading. */
  record Read(Work work) implements Handler {}

  /** A token; parsed, then run in a transaction with the owner locked, idempotent by key. */
  record Write(Work work) implements Handler {}

  /**
   * A token; reserved, asked and settled ({@link Asking}), idempotent by key.
   *
   * @param prepare parses and checks the request
   * @param streams when the answer is a stream of events
   */
  record Ask(Function<Request, Asking<?, ?>> prepare, Streams streams) implements Handler {}

  /** When an answer is a stream of events. */
  public enum Streams {
    NEVER,
    IF_ACCEPTED,
    ALWAYS
  }

  /**
   * The two halves of an endpoint: parse the request without touching anything, then answer it
   * inside a transaction. The second half may run again if the database asks for it.
   */
  @FunctionalInterface
  public interface Work {
    /** Parses and checks the request; what comes back does the work. */
    Function<Tx, Reply> prepare(Request request);
  }

  /**
   * The end of an endpoint (RFC 9745, RFC 8594).
   *
   * @param deprecatedAt since when it should no longer be used
   * @param goneAt when it stops answering
   * @param migration where to read what to use instead
   */
  public record Sunset(Instant deprecatedAt, Instant goneAt, URI migration) {}

  /** A public answer that is not rate-limited. */
  public static Route plain(String path, Function<Request, Reply> answer) {
    return new Route(Verb.GET, path, Bucket.EXEMPT, new Plain(answer), null);
  }

  /** What tells whether the process works. */
  public static Route probe(String path, Function<Request, Reply> answer) {
    return new Route(Verb.GET, path, Bucket.PROBE, new Plain(answer), null);
  }

  /** The path of a WebSocket; see {@link Sockets}. */
  public static Route socket(String path, Function<Request, Reply> answer) {
    return new Route(Verb.GET, path, Bucket.GENERAL, new Socket(answer), null);
  }

  /** Sign-in and its like: no token, limited per address. */
  public static Route auth(String path, Work work) {
    return new Route(Verb.POST, path, Bucket.AUTH, new Open(work), null);
  }

  /** A read of the signed-in user's data. */
  public static Route read(String path, Work work) {
    return new Route(Verb.GET, path, Bucket.GENERAL, new Read(work), null);
  }

  /** A change of the signed-in user's data. */
  public static Route write(Verb method, String path, Work work) {
    return new Route(method, path, Bucket.GENERAL, new Write(work), null);
  }

  /** A question to somebody else, limited like all of them. */
  public static Route ask(String path, Streams streams, Function<Request, Asking<?, ?>> prepare) {
    return new Route(Verb.POST, path, Bucket.AI, new Ask(prepare, streams), null);
  }

  /** A change that somebody else is asked for, limited like any other. */
  public static Route asking(String path, Function<Request, Asking<?, ?>> prepare) {
    return new Route(Verb.POST, path, Bucket.GENERAL, new Ask(prepare, Streams.NEVER), null);
  }

  /** What another company tells us: signed instead of a token, and not limited. */
  public static Route webhook(String path, Work work) {
    return new Route(Verb.POST, path, Bucket.EXEMPT, new Open(work), null);
  }

  /** The same route, announced to go. */
  public Route deprecated(Sunset end) {
    return new Route(method, path, bucket, handler, end);
  }
}

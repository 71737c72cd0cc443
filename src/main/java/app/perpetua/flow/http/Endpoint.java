package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Idempotency.KeyedRequest;
import app.perpetua.flow.http.ProviderCallHandler.CallContext;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.http.connection.RefusedUpgrade;
import app.perpetua.flow.http.limits.Admission;
import app.perpetua.flow.http.limits.Permit;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.parsing.CursorKey;
import app.perpetua.flow.parsing.EntityTags;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.ZoneId;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Checks each request in the order of the contract: token, rate, key, body, session. Then runs the
 * route's handler and sends its answer. Thread-safe.
 */
public final class Endpoint implements RequestHandler {
  private static final String JSON = "application/json";
  private static final HeaderName RATE_LIMIT_POLICY = HeaderNames.create("RateLimit-Policy");
  private static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");

  /** The media types of a PATCH (RFC 5789, section 3.1). */
  public static final String ACCEPT_PATCH = JSON + ", " + JsonBody.MERGE_PATCH;

  private final Json json;
  private final Errors errors;
  private final ReplySender sender;
  private final Preconditions preconditions;
  private final Db db;
  private final Authentication authentication;
  private final SessionCheck sessions;
  private final CursorKey cursorKey;
  private final Admission admission;
  private final UserReads reads;
  private final IdempotentWrites writes;
  private final ProviderCallHandler providerCalls;
  private final BatchExecutor batches;
  private final Operations operations;
  private final CapabilityReads capabilities;
  private final Uploads uploads = new Uploads();

  public Endpoint(
      Json json,
      Errors errors,
      Db db,
      Authenticator authenticator,
      SessionCheck sessions,
      RateLimiter limiter,
      HttpConfig limits,
      CursorKey cursorKey) {
    this.json = json;
    this.errors = errors;
    this.sender = new ReplySender(json, errors);
    this.preconditions = new Preconditions(json);
    this.db = db;
    this.authentication = new Authentication(authenticator, limiter, limits.rateLimits());
    this.sessions = sessions;
    this.cursorKey = cursorKey;
    this.admission = new Admission(db.connections());
    this.reads = new UserReads(db, sessions, admission);
    this.writes = new IdempotentWrites(json, db, sessions, admission);
    this.providerCalls = new ProviderCallHandler(db, json, errors, writes);
    this.capabilities = new CapabilityReads(db, authentication, limiter, admission);
    this.batches = new BatchExecutor(json, errors, db, reads, writes, System::nanoTime);
    this.operations =
        new Operations(
            json,
            db,
            reads,
            batches,
            providerCalls,
            cursorKey,
            principal -> authentication.countModelCall(principal).check());
  }

  /**
   * At shutdown, cancels calls to providers in time for their requests to be settled, and starts no
   * further commands of batches.
   */
  public void drain() {
    batches.drain();
    providerCalls.drain();
  }

  @Override
  public void refuse(Refusal refusal, ServerRequest request, ServerResponse response) {
    RateLimiter.Decision decision = counted(request, response);
    errors.send(
        RequestContext.of(request), response, decision.allowed() ? refusal : decision.refusal());
  }

  @Override
  public void redirect(String location, ServerRequest request, ServerResponse response) {
    RateLimiter.Decision decision = counted(request, response);
    if (decision.allowed()) {
      response.status(Status.FOUND_302).header(HeaderNames.LOCATION, location).send();
    } else {
      errors.send(RequestContext.of(request), response, decision.refusal());
    }
  }

  /** Counts a request that no handler answers, and adds the headers of its rate limit. */
  private RateLimiter.Decision counted(ServerRequest request, ServerResponse response) {
    RateLimiter.Decision decision =
        authentication.count(token(request), RequestContext.of(request).client());
    addHeaders(response, decision);
    return decision;
  }

  @Override
  public void handle(Route route, ServerRequest request, ServerResponse response) {
    RequestContext context = RequestContext.of(request);
    context.route(route.path());
    try {
      sender.send(context, route, response, answer(context, route, request, response));
    } catch (CloseConnectionException e) {
      throw e;
    } catch (RuntimeException e) {
      errors.send(context, response, errors.refusal(e, context.requestId()));
    }
  }

  private Reply answer(
      RequestContext context, Route route, ServerRequest request, ServerResponse response) {
    Route.Handler handler = route.handler();
    if (handler instanceof Route.Socket) {
      return notUpgraded(context, request, response);
    }
    if (handler instanceof Route.CapabilityRead) {
      context.hidePath();
    }
    Principal principal =
        handler instanceof Route.Authenticated ? authenticate(context, request, response) : null;
    limit(context, route, principal, response);
    if (principal != null) {
      principal.requireScopes(route.scopes());
    }
    if (!(handler instanceof Route.Public)) {
      admission.requireRoom();
    }
    UUID key = handler instanceof Route.Keyed ? key(route, request) : null;
    if (handler instanceof Route.FileWrite file) {
      return upload(
          context,
          route,
          request,
          file,
          Objects.requireNonNull(key),
          Objects.requireNonNull(principal));
    }
    EntityTags condition = Preconditions.of(route, request);
    byte[] body = JsonBody.read(route, request, response);
    KeyedRequest keyed = key == null ? null : keyed(key, route, request, body);
    Request parsed = parsed(context, route, principal, request, body);
    Actor actor = principal == null ? Actor.system(parsed.id()) : principal.actor(parsed.id());
    return switch (handler) {
      case Route.Public open -> open.answer().apply(parsed);
      case Route.Socket _, Route.FileWrite _ -> throw new IllegalStateException("answered above");
      case Route.CapabilityRead(Route.CapabilityLookup lookup) ->
          capabilities.answer(lookup, parsed, condition, counted -> addHeaders(response, counted));
      case Route.SystemWrite write -> db.write(actor, prepared(route, write.work(), parsed));
      case Route.Read read -> {
        Reply reply = reads.run(actor, parsed.principal(), prepared(route, read.work(), parsed));
        yield linked(request, preconditions.read(route, condition, reply));
      }
      case Route.Stream stream -> {
        Function<Tx, Supplier<Reply>> opening = stream.opening().prepare(parsed);
        parsed.query().validate();
        // The stream would stay open although nothing of it is sent.
        yield isHead(request) && stream.length() == Route.Length.ENDLESS
            ? Reply.stream(Reply.EVENT_STREAM, _ -> {})
            : reads.run(actor, parsed.principal(), opening).get();
      }
      case Route.Write write -> {
        Function<Tx, Reply> work =
            preconditions.change(route, condition, parsed, prepared(route, write.work(), parsed));
        yield keyed == null
            ? write(actor, parsed.principal(), work)
            : writes.write(parsed.principal(), actor, keyed, work);
      }
      case Route.SecretWrite write ->
          write(actor, parsed.principal(), prepared(route, write.work(), parsed));
      case Route.Commands commands -> {
        Batch batch = commands.prepare().apply(parsed);
        parsed.query().validate();
        yield batches.answer(parsed, actor, batch);
      }
      case Route.Calls calls -> {
        parsed.query().validate();
        yield calls.work().answer(parsed, zone(actor, parsed.principal()), operations);
      }
      case Route.ProviderCall call -> {
        TwoPhaseRequest<?, ?> prepared = call.prepare().apply(parsed);
        parsed.query().validate();
        yield providerCalls.answer(
            new CallContext(
                parsed.principal(),
                actor,
                context,
                Objects.requireNonNull(keyed),
                streams(call, context)),
            prepared);
      }
    };
  }

  /** Parses the request and rejects query parameters that the operation does not have. */
  private static Function<Tx, Reply> prepared(Route route, Route.Work work, Request parsed) {
    Function<Tx, Reply> prepared = work.prepare(parsed);
    // A provider of webhooks may add parameters to the configured URL.
    if (route.bucket() != Route.Bucket.EXEMPT) {
      parsed.query().validate();
    }
    return prepared;
  }

  /** A refused upgrade has been counted already. */
  private Reply notUpgraded(
      RequestContext context, ServerRequest request, ServerResponse response) {
    if (token(request) != null || request.query().contains("token")) {
      context.tokenPresented();
    }
    RefusedUpgrade refused = context.refusedUpgrade();
    if (refused != null) {
      return new Reply.WithHeaders(new Reply.Failed(refused.cause()), refused.headers());
    }
    counted(request, response).check();
    throw Refusal.of(ErrorCode.VALIDATION_ERROR, "this path requires a WebSocket upgrade");
  }

  /** Checks the rest of the request before the file is received. */
  private Reply upload(
      RequestContext context,
      Route route,
      ServerRequest request,
      Route.FileWrite handler,
      UUID key,
      Principal principal) {
    Request parsed = parsed(context, route, principal, request, new byte[0]);
    BiFunction<Tx, Upload, Reply> work = handler.prepare().prepare(parsed);
    parsed.query().validate();
    return uploads.receive(
        request,
        context.connection(),
        principal.limitId(),
        (upload, hash) ->
            writes.write(
                principal,
                principal.actor(parsed.id()),
                keyed(key, route, request, hash),
                tx -> work.apply(tx, upload)));
  }

  private static boolean isHead(ServerRequest request) {
    return request.prologue().method().equals(Method.HEAD);
  }

  private static Reply linked(ServerRequest request, Reply reply) {
    return reply instanceof Reply.WithNext(Reply page, String parameter, String value)
        ? new Reply.WithHeaders(
            page,
            Map.of(
                HeaderNames.LINK_NAME,
                NextLink.of(
                    request.path().rawPath(), request.query().rawValue(), parameter, value)))
        : reply;
  }

  /** Runs a write without a key, which only PUT, DELETE and requests for secrets allow. */
  private Reply write(Actor actor, Principal principal, Function<Tx, Reply> work) {
    try (Permit _ = admission.write(principal.limitId())) {
      return db.write(
          actor,
          tx -> {
            sessions.requireActive(tx, principal);
            tx.openWithOwner();
            return work.apply(tx);
          });
    }
  }

  private static boolean streams(Route.ProviderCall call, RequestContext context) {
    return switch (call.streams()) {
      case NEVER -> false;
      case ALWAYS -> true;
      // Without an acceptable type the answer is JSON, as RFC 9110 (section 12.5.1) permits.
      case IF_ACCEPTED -> context.accept().prefers(Reply.EVENT_STREAM, JSON);
    };
  }

  /** Also refuses the request if its session was ended or the account deleted. */
  private ZoneId zone(Actor actor, Principal principal) {
    return reads.run(
        actor,
        principal,
        tx ->
            tx.sql("owner.find_timezone")
                .one(row -> ZoneId.of(row.text("timezone")))
                .orElseThrow(Refusal::accountDeleted));
  }

  private Principal authenticate(
      RequestContext context, ServerRequest request, ServerResponse response) {
    String token = token(request);
    if (token != null) {
      context.tokenPresented();
    }
    Principal principal =
        authentication.require(token, context.client(), counted -> addHeaders(response, counted));
    context.userId(principal.userId());
    return principal;
  }

  private static @Nullable String token(ServerRequest request) {
    return Authenticator.bearerToken(header(request, HeaderNames.AUTHORIZATION)).orElse(null);
  }

  private void limit(
      RequestContext context, Route route, @Nullable Principal principal, ServerResponse response) {
    RateLimiter.Decision decision =
        authentication.count(route.bucket(), principal, context.client());
    if (decision == null) {
      return;
    }
    addHeaders(response, decision);
    if (principal != null) {
      response.header(RATE_LIMIT_POLICY, decision.policy() + ", " + Admission.POLICY);
    }
    decision.check();
  }

  private static void addHeaders(ServerResponse response, RateLimiter.Decision decision) {
    decision.fields().forEach(response::header);
  }

  private static @Nullable UUID key(Route route, ServerRequest request) {
    boolean required = route.method() == Route.Verb.POST || route.method() == Route.Verb.PATCH;
    return Idempotency.key(header(request, IDEMPOTENCY_KEY), required);
  }

  private static KeyedRequest keyed(UUID key, Route route, ServerRequest request, byte[] body) {
    String path = Objects.requireNonNullElse(route.idempotencyPath(), request.path().rawPath());
    String query = request.query().rawValue();
    return Idempotency.keyed(
        key, route.method().name(), query.isEmpty() ? path : path + "?" + query, body);
  }

  private Request parsed(
      RequestContext context,
      Route route,
      @Nullable Principal principal,
      ServerRequest request,
      byte[] body) {
    return new Request(
        json,
        context,
        principal,
        name -> request.path().pathParameters().get(name),
        name -> header(request, HeaderNames.create(name)),
        // Not first(name), which is empty for a parameter without "=".
        new QueryParameters(
            request.query().names(),
            name -> request.query().contains(name) ? request.query().get(name) : null,
            cursorKey.of(route.path(), principal == null ? null : principal.userId())),
        body,
        db.now());
  }

  private static @Nullable String header(ServerRequest request, HeaderName name) {
    return request.headers().first(name).orElse(null);
  }
}

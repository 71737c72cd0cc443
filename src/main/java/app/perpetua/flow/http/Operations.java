package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.EmittedEntries;
import app.perpetua.flow.http.ProviderCallHandler.CallContext;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.parsing.CursorKey;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Executes operations for a request that consists of them ({@link Route.Calls}), with the checks
 * that a request to each of them would pass: scopes, the limit of calls to a model, parameters,
 * concurrency, idempotency. Thread-safe.
 */
public final class Operations {
  /**
   * What commands have done.
   *
   * @param results the bodies of the answers that their requests would have, in order
   * @param entries the activity entries that they wrote; none of a command that was replayed
   */
  public record Written(List<ObjectNode> results, List<EmittedEntries.Entry> entries) {}

  private final Json json;
  private final Db db;
  private final UserReads reads;
  private final BatchExecutor batches;
  private final ProviderCallHandler providerCalls;
  private final CursorKey cursorKey;
  private final Consumer<Principal> modelLimit;

  /**
   * @param modelLimit counts a call to a model, and refuses it above the limit
   */
  Operations(
      Json json,
      Db db,
      UserReads reads,
      BatchExecutor batches,
      ProviderCallHandler providerCalls,
      CursorKey cursorKey,
      Consumer<Principal> modelLimit) {
    this.json = json;
    this.db = db;
    this.reads = reads;
    this.batches = batches;
    this.providerCalls = providerCalls;
    this.cursorKey = cursorKey;
    this.modelLimit = modelLimit;
  }

  /**
   * Executes a read.
   *
   * @param path the parameters of the route's path
   * @param query the parameters of the query
   * @return the body of the answer
   * @throws Refusal as a request to the route would be refused
   * @throws IllegalArgumentException if the route is no read
   */
  public JsonNode read(
      Request caller, Route route, Map<String, String> path, Map<String, String> query) {
    if (!(route.handler() instanceof Route.Read(Route.Work work))) {
      throw new IllegalArgumentException(route.path() + " is no read");
    }
    Principal principal = caller.principal();
    principal.requireScopes(route.scopes());
    QueryParameters parameters =
        new QueryParameters(
            query.keySet(), query::get, cursorKey.of(route.path(), principal.userId()));
    Request request = caller.ofOperation(path, parameters, new byte[0], db.now());
    Function<Tx, Reply> prepared = work.prepare(request);
    parameters.validate();
    return body(reads.run(principal.actor(caller.id()), principal, prepared));
  }

  /**
   * Executes commands in one transaction.
   *
   * @param dryRun whether to undo everything at the end: limits and rules are checked, and ids and
   *     times are those of entities that do not exist
   * @throws Refusal of the first command that is refused; nothing has changed then
   */
  public Written write(Request caller, List<Batch.Command> commands, boolean dryRun) {
    return batches.atomically(caller, caller.principal().actor(caller.id()), commands, dryRun);
  }

  /**
   * Executes an operation that calls a provider, and waits for the answer.
   *
   * @param key the {@code Idempotency-Key}
   * @return the body of the answer
   * @throws Refusal as a request to the route would be refused
   * @throws IllegalArgumentException if the route calls no provider
   */
  public JsonNode call(
      Request caller, Route route, Map<String, String> path, ObjectNode body, UUID key) {
    if (!(route.handler() instanceof Route.ProviderCall provider)) {
      throw new IllegalArgumentException(route.path() + " calls no provider");
    }
    Principal principal = caller.principal();
    principal.requireScopes(route.scopes());
    if (route.bucket() == Route.Bucket.AI) {
      modelLimit.accept(principal);
    }
    byte[] bytes = body.isEmpty() ? new byte[0] : json.bytes(body);
    Request request = caller.ofOperation(path, caller.query().none(), bytes, db.now());
    TwoPhaseRequest<?, ?> prepared = provider.prepare().apply(request);
    String target = route.path();
    for (Map.Entry<String, String> parameter : path.entrySet()) {
      target = target.replace("{" + parameter.getKey() + "}", parameter.getValue());
    }
    return body(
        providerCalls.answer(
            new CallContext(
                principal,
                principal.actor(caller.id()),
                caller.context(),
                Idempotency.keyed(
                    key,
                    route.method().name(),
                    Objects.requireNonNullElse(route.idempotencyPath(), target),
                    bytes),
                false),
            prepared));
  }

  private JsonNode body(Reply reply) {
    return switch (reply) {
      case Reply.Bytes bytes -> json.parse(bytes.text());
      case Reply.Body(int _, Object body) when body == null ->
          JsonNodeFactory.instance.objectNode();
      case Reply.Body body -> body(body.rendered(json));
      case Reply.WithHeaders(Reply inner, Map<String, String> _) -> body(inner);
      case Reply.WithNext(Reply page, String _, String _) -> body(page);
      case Reply.Refused(Refusal refusal) -> throw refusal;
      case Reply.Failed(RuntimeException cause) -> throw cause;
      case Reply.Stream _ -> throw new IllegalArgumentException("the answer is a stream");
    };
  }
}

package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.EmittedEntries;
import app.perpetua.flow.http.Batch.Command;
import app.perpetua.flow.http.Batch.Result;
import app.perpetua.flow.http.Batch.Results;
import app.perpetua.flow.http.Idempotency.KeyedRequest;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.parsing.JsonIds;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Executes the commands of batches as the requests that they stand for (docs/decisions/batches.md).
 * Thread-safe.
 */
final class BatchExecutor {
  /** After this time no further command of a batch is started. */
  static final Duration TIME = Duration.ofSeconds(20);

  private static final Duration SOON = Duration.ofSeconds(1);
  private static final String RETRY_AFTER = "retry_after";
  private static final String VERSION = "version";
  private static final int NONE = -1;

  private final Json json;
  private final Errors errors;
  private final Db db;
  private final UserReads reads;
  private final IdempotentWrites writes;
  private final LongSupplier nanos;
  private volatile boolean stopping;

  BatchExecutor(
      Json json,
      Errors errors,
      Db db,
      UserReads reads,
      IdempotentWrites writes,
      LongSupplier nanos) {
    this.json = json;
    this.errors = errors;
    this.db = db;
    this.reads = reads;
    this.writes = writes;
    this.nanos = nanos;
  }

  /** Starts no further command: the service is being shut down. */
  void drain() {
    stopping = true;
  }

  /**
   * Executes a batch. Failures of its commands are results.
   *
   * @throws Refusal by the opening; {@code UNAUTHORIZED} if the session was ended
   */
  Reply answer(Request request, Actor actor, Batch batch) {
    Function<Results, Reply> answer = reads.run(actor, request.principal(), batch.opening());
    List<Result> results =
        batch.atomic()
            ? together(request, actor, batch.commands())
            : inOrder(request, actor, batch.commands());
    CreatedIds ids = new CreatedIds();
    results.forEach(ids::add);
    return answer.apply(new Results(results, ids.created()));
  }

  /**
   * A command that failed for a passing reason ends the batch: if later ones ran before it is
   * repeated, the order would be another.
   */
  private List<Result> inOrder(Request request, Actor actor, List<Command> commands) {
    long start = nanos.getAsLong();
    List<Result> results = new ArrayList<>();
    CreatedIds ids = new CreatedIds();
    boolean ended = false;
    for (Command command : commands) {
      ended = ended || stopping || nanos.getAsLong() - start > TIME.toNanos();
      Result result =
          ended ? refused(command, notStarted(), request) : execute(command, request, actor, ids);
      ended = ended || isPassing(result);
      ids.add(result);
      results.add(result);
    }
    return results;
  }

  private Result execute(Command command, Request request, Actor actor, CreatedIds ids) {
    try {
      Prepared prepared = prepare(command, request, ids);
      Reply reply = writes.write(request.principal(), actor, prepared.keyed, prepared.work);
      return result(command, reply, request);
    } catch (RuntimeException e) {
      return refused(command, errors.refusal(e, request.id()), request);
    }
  }

  /** All in one transaction; a refused command rolls it back. */
  private List<Result> together(Request request, Actor actor, List<Command> commands) {
    AtomicInteger current = new AtomicInteger(NONE);
    try {
      if (stopping) {
        throw notStarted();
      }
      return writes.together(
          request.principal(),
          actor,
          tx -> {
            List<Result> results = execute(tx, commands, request, current::set);
            current.set(NONE);
            return results;
          });
    } catch (RuntimeException e) {
      return rolledBack(commands, current.get(), errors.refusal(e, request.id()), request);
    }
  }

  /**
   * Executes commands in a transaction.
   *
   * @param beginning receives the index of each command before it is executed
   */
  private List<Result> execute(
      Tx tx, List<Command> commands, Request request, IntConsumer beginning) {
    List<Result> results = new ArrayList<>();
    CreatedIds ids = new CreatedIds();
    for (Command command : commands) {
      if (!results.isEmpty()) {
        tx.flush();
      }
      beginning.accept(results.size());
      Prepared prepared = prepare(command, request, ids);
      Reply reply = writes.executeOrReplay(tx, prepared.keyed, prepared.work);
      Result result = result(command, reply, request);
      ids.add(result);
      results.add(result);
    }
    return results;
  }

  /**
   * Executes commands in one transaction.
   *
   * @param dryRun whether it is rolled back, after all its statements have run
   * @throws Refusal of the first command that is refused; nothing has changed then
   */
  Operations.Written atomically(
      Request request, Actor actor, List<Command> commands, boolean dryRun) {
    if (stopping) {
      throw notStarted();
    }
    try {
      return writes.together(
          request.principal(),
          actor,
          tx -> {
            List<Result> results = execute(tx, commands, request, _ -> {});
            Operations.Written written =
                new Operations.Written(
                    results.stream().map(Result::members).toList(), EmittedEntries.of(tx));
            if (dryRun) {
              tx.flush();
              throw new RolledBack(written);
            }
            return written;
          });
    } catch (RolledBack e) {
      return e.written;
    }
  }

  /** Ends the transaction of a dry run. */
  private static final class RolledBack extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Operations.Written written;

    RolledBack(Operations.Written written) {
      super("dry run", null, false, false);
      this.written = written;
    }
  }

  /**
   * @param at the index of the command that was refused; {@link #NONE} if the commit failed
   */
  private List<Result> rolledBack(
      List<Command> commands, int at, Refusal refusal, Request request) {
    Command refused =
        at == NONE || refusal.extras().containsKey(RETRY_AFTER) ? null : commands.get(at);
    Refusal others =
        refused == null
            ? refusal
            : Refusal.of(
                    ErrorCode.DEPENDENCY_FAILED, "another command of the atomic batch was refused")
                .with("uuid", refused.uuid());
    return commands.stream()
        .map(command -> refused(command, command.equals(refused) ? refusal : others, request))
        .toList();
  }

  /** A request that a command stands for. */
  private record Prepared(KeyedRequest keyed, Function<Tx, Reply> work) {}

  private Prepared prepare(Command command, Request batch, CreatedIds ids) {
    Route route = command.route();
    if (!(route.handler() instanceof Route.Write(Route.Work work))) {
      throw new IllegalStateException(route.path() + " is no write");
    }
    batch.principal().requireScopes(route.scopes());
    Route.CommandType type = Command.typeOf(route);
    ObjectNode body = JsonIds.replaced(command.args(), (_, id) -> ids.resolved(id));
    Map<String, String> path = Map.of();
    String target = route.path();
    String parameter = route.parameter();
    if (parameter != null) {
      String id = pathId(body, Objects.requireNonNull(type.idArgument())).toString();
      path = Map.of(parameter, id);
      target = target.replace("{" + parameter + "}", id);
    }
    if (type.versionInBody() && command.version() != null && !body.hasNonNull(VERSION)) {
      body.put(VERSION, command.version());
    }
    // As a request without a body, which has the same effect as one with an empty object.
    byte[] bytes = body.isEmpty() ? new byte[0] : json.bytes(body);
    Request request = batch.ofCommand(path, bytes, db.now());
    Function<Tx, Reply> prepared = work.prepare(request);
    if (!request.isBodyRead()) {
      request.body().validate();
    }
    return new Prepared(
        Idempotency.keyed(
            command.key(),
            route.method().name(),
            Objects.requireNonNullElse(route.idempotencyPath(), target),
            bytes),
        type.versionInBody() || command.version() == null
            ? prepared
            : ifVersion(command, request, command.version(), prepared));
  }

  /** Takes the parameter of the path from the arguments. */
  private static UUID pathId(ObjectNode args, String name) {
    JsonNode value = args.remove(name);
    if (value == null || value.isNull()) {
      throw Refusal.invalid(name, "is required");
    }
    UUID id = value.isString() ? Formats.uuid(value.stringValue()) : null;
    if (id == null) {
      throw Refusal.invalid(name, Formats.INVALID_UUID);
    }
    return id;
  }

  /** The read comes first, because it does not see deferred statements. */
  private Function<Tx, Reply> ifVersion(
      Command command, Request request, int version, Function<Tx, Reply> work) {
    Route.Validation validation = Objects.requireNonNull(command.route().validation());
    Function<Tx, Reply> read = validation.read().prepare(request);
    return tx -> {
      if (!(read.apply(tx).rendered(json) instanceof Reply.Bytes current)) {
        throw new IllegalStateException("the read of a versioned entity has a body");
      }
      JsonNode found = json.parse(current.text()).at("/data/version");
      Refusal.checkVersion(command.type().split("\\.", 2)[0], version, found.intValue());
      return work.apply(tx);
    };
  }

  private Result result(Command command, Reply reply, Request request) {
    return switch (reply) {
      case Reply.Bytes bytes ->
          new Result(command, bytes.status(), (ObjectNode) json.parse(bytes.text()));
      case Reply.Body(int status, Object body) when body == null ->
          new Result(command, status, JsonNodeFactory.instance.objectNode());
      case Reply.Body body -> result(command, body.rendered(json), request);
      case Reply.WithHeaders(Reply inner, Map<String, String> _) -> result(command, inner, request);
      case Reply.Refused(Refusal refusal) -> refused(command, refusal, request);
      case Reply.Failed _, Reply.Stream _, Reply.WithNext _ ->
          throw new IllegalStateException("not the answer to a write");
    };
  }

  private Result refused(Command command, Refusal refusal, Request request) {
    ObjectNode members = JsonNodeFactory.instance.objectNode();
    members.set("error", json.parse(errors.text(refusal, request.id())));
    return new Result(command, refusal.code().status(), members);
  }

  private static Refusal notStarted() {
    return Refusal.of(
            ErrorCode.SERVICE_UNAVAILABLE,
            "the command was not started; repeat it with the same uuid, and those after it")
        .retryAfter(SOON);
  }

  private static boolean isPassing(Result result) {
    return result.members().path("error").has(RETRY_AFTER);
  }

  /** The ids of what the commands of a batch have created, by their temporary ids. */
  private static final class CreatedIds {
    private final Map<String, Optional<String>> ids = new LinkedHashMap<>();

    void add(Result result) {
      String tempId = result.command().tempId();
      if (tempId != null) {
        JsonNode id = result.members().at("/data/id");
        ids.put(tempId, id.isString() ? Optional.of(id.stringValue()) : Optional.empty());
      }
    }

    Map<String, String> created() {
      Map<String, String> created = new LinkedHashMap<>();
      ids.forEach((tempId, id) -> id.ifPresent(known -> created.put(tempId, known)));
      return created;
    }

    /**
     * @throws Refusal {@code DEPENDENCY_FAILED} if its command was refused
     */
    String resolved(String id) {
      Optional<String> created = ids.get(id);
      return created == null
          ? id
          : created.orElseThrow(
              () ->
                  Refusal.of(
                          ErrorCode.DEPENDENCY_FAILED,
                          "the command that should have created this was refused")
                      .with("temp_id", id));
    }
  }
}

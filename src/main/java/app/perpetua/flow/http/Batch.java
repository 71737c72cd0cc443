package app.perpetua.flow.http;

import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request that consists of commands, which are executed in order.
 *
 * @param atomic whether all commands run in one transaction, or none has an effect; otherwise each
 *     runs in its own
 * @param opening reads what the answer needs of the state before the first command; its result
 *     renders the answer
 */
public record Batch(
    List<Command> commands, boolean atomic, Function<Tx, Function<Results, Reply>> opening) {
  /**
   * Stands for a request to an operation.
   *
   * @param uuid as the client wrote it
   * @param key the same, the {@code Idempotency-Key} of the request
   * @param route has a {@link Route.CommandType}
   * @param tempId names the created entity for later commands; null unless the route creates one
   * @param args the members of the body and the parameter of the path; ids may be those names, of
   *     earlier commands
   * @param version that the entity must have; null for any
   */
  public record Command(
      String uuid,
      UUID key,
      Route route,
      @Nullable String tempId,
      ObjectNode args,
      @Nullable Integer version) {
    /** The name of its type. */
    public String type() {
      return typeOf(route).name();
    }

    static Route.CommandType typeOf(Route route) {
      if (route.command() == null) {
        throw new IllegalArgumentException("no command stands for a request to " + route.path());
      }
      return route.command();
    }
  }

  /**
   * The outcome of a command.
   *
   * @param status that the answer to its request would have
   * @param members of the body that the answer would have; none if it would have no body
   */
  public record Result(Command command, int status, ObjectNode members) {}

  /**
   * The outcomes of all commands.
   *
   * @param tempIds the ids of the created entities, by their names
   */
  public record Results(List<Result> results, Map<String, String> tempIds) {}
}

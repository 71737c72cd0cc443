package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.sql.SqlCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An operation's statements as a pgbench script, with the same transaction and the same number of
 * round trips as in the service.
 *
 * <p>pgbench computes numbers only, so the server derives each id from a number, and creates new
 * ids with {@code uuidv7()}. All other values are parameters, as in the service.
 *
 * @param text the script; it sets {@code :user}, {@code :task} and {@code :key}, which are numbers
 * @param variables values of the other variables; a variable without a value is bound as null
 */
record PgBenchScript(String text, Map<String, String> variables) {
  private static final Pattern LITERAL = Pattern.compile("'[^']*'");

  /** Length of the stored response of a write, in characters. */
  private static final int STORED_ANSWER = 600;

  /** The value of a parameter. */
  private sealed interface Value {
    /** A constant. */
    record Text(String text) implements Value {}

    /** Null. */
    record Null() implements Value {}

    /** Computed by the server for each execution. */
    record Sql(String expression) implements Value {}
  }

  PgBenchScript {
    variables = Map.copyOf(variables);
  }

  /**
   * The script of one operation.
   *
   * @param statements all statements of the service
   * @param storedTask columns of a task and their values, which a change stores
   * @param clients number of concurrent clients, each with its own users
   * @throws IllegalStateException if a parameter has no value here, or a value has no parameter
   */
  static PgBenchScript of(
      Operation operation,
      Iterable<SqlCatalog.Statement> statements,
      Map<String, @Nullable String> storedTask,
      int clients) {
    Map<String, SqlCatalog.Statement> catalogue = new HashMap<>();
    statements.forEach(statement -> catalogue.put(statement.name(), statement));
    Map<String, String> variables = new HashMap<>();
    Function<String, String> write =
        name -> {
          SqlCatalog.Statement statement = catalogue.get(name);
          if (statement == null) {
            throw new IllegalStateException(name + " is not a statement: change bench.Operation");
          }
          return text(statement, values(statement, operation, storedTask), variables);
        };
    int first = operation == Operation.PATCH ? Requests.PATCHED : 0;
    StringBuilder script =
        new StringBuilder(
            """
            \\set user 1 + :client_id + %d * random(0, (%d - :client_id) / %d)
            \\set task :user * 100 + random(%d, %d)
            \\set key random(1, 9000000000000000000)
            """
                .formatted(clients, Database.USERS - 1, clients, first, Database.TASKS_EACH - 1));
    if (!operation.writes()) {
      operation.awaited().forEach(name -> script.append(write.apply(name)));
      return new PgBenchScript(script.toString(), variables);
    }
    // The JDBC driver sends "begin" together with the first statement.
    script.append("\\startpipeline\nbegin;\n").append(write.apply(operation.awaited().getFirst()));
    script.append("\\endpipeline\n");
    operation.awaited().stream().skip(1).forEach(name -> script.append(write.apply(name)));
    script.append("\\startpipeline\n");
    operation.deferred().forEach(name -> script.append(write.apply(name)));
    return new PgBenchScript(script.append("commit;\n\\endpipeline\n").toString(), variables);
  }

  /** The statement in pgbench's syntax; adds its variables to the given ones. */
  private static String text(
      SqlCatalog.Statement statement, Map<String, Value> values, Map<String, String> variables) {
    // Variables are per statement, so that two statements may bind different values to one name.
    String prefix = statement.name().replace('.', '_') + "_";
    // pgbench substitutes variables in literals, too, so a colon there is written as \072.
    String text =
        LITERAL
            .matcher(statement.sql())
            .replaceAll(
                literal ->
                    Matcher.quoteReplacement(
                        literal.group().contains(":")
                            ? "E" + literal.group().replace(":", "\\072")
                            : literal.group()));
    return SqlCatalog.PARAMETER
            .matcher(text)
            .replaceAll(
                parameter -> {
                  String name = parameter.group(1);
                  String variable = prefix + name;
                  return Matcher.quoteReplacement(
                      switch (values.get(name)) {
                        case null -> throw unbound(statement.name(), Set.of(name));
                        case Value.Sql(String expression) -> expression;
                        case Value.Null() -> ":" + variable;
                        case Value.Text(String value) -> {
                          variables.put(variable, value);
                          yield ":" + variable;
                        }
                      });
                })
        + ";\n";
  }

  /** The values of the statement's parameters. */
  private static Map<String, Value> values(
      SqlCatalog.Statement statement,
      Operation operation,
      Map<String, @Nullable String> storedTask) {
    Map<String, Value> values = new HashMap<>(given(statement.name(), operation));
    Set<String> unknown = new TreeSet<>(values.keySet());
    unknown.removeAll(statement.parameters());
    if (!unknown.isEmpty()) {
      throw new IllegalStateException(
          statement.name() + " has no parameter " + unknown + ": change bench.PgBenchScript");
    }
    values.put("now", text(Instant.now()));
    values.put("user_id", uuid("user"));
    if (statement.name().equals("tasks.store_task")) {
      // Most columns are stored unchanged, so a new column needs no entry here.
      storedTask.forEach(
          (column, value) ->
              values.putIfAbsent(column, value == null ? new Value.Null() : text(value)));
    }
    Set<String> missing = new HashSet<>(statement.parameters());
    missing.removeAll(values.keySet());
    if (!missing.isEmpty()) {
      throw unbound(statement.name(), missing);
    }
    return values;
  }

  private static IllegalStateException unbound(String statement, Set<String> parameters) {
    return new IllegalStateException(
        parameters.stream().sorted().collect(Collectors.joining(", :", "parameter :", ""))
            + " of "
            + statement
            + " has no value in the benchmark: give it one, or null on purpose, in"
            + " bench.PgBenchScript");
  }

  /** The values that the service binds, except the user, the time and columns of a stored task. */
  private static Map<String, Value> given(String statement, Operation operation) {
    boolean creates = operation == Operation.CREATE;
    String path = "/api/v1/tasks" + (creates ? "" : "/" + Database.uuid(1));
    return switch (statement) {
      case "tasklists.list_newest" ->
          Map.of(
              "counted", text(true),
              "after_key", text("infinity"),
              "after_id", text(new UUID(-1, -1)),
              "offset", text(0),
              "limit", text(25));
      case "tasks.find_detail", "tasks.find_task" -> Map.of("id", uuid("task"));
      case "tasks.store_task" ->
          Map.of(
              "id", uuid("task"),
              "title", text("Call the plumber about the kitchen tap"),
              "version", text(2),
              "updated_at", text(Instant.now()));
      case "tasks.insert_task" ->
          all(
              Map.of(
                  "id", new Value.Sql("uuidv7()"),
                  "title", text("Call the plumber about the kitchen tap"),
                  "description", text("It drips again. Ask whether the seal is under warranty."),
                  "priority", text("high"),
                  "estimated_duration", text(15),
                  "label_ids", text("{}"),
                  "subtask_count", text(0)),
              nulls(
                  "template_id",
                  "occurrence_at",
                  "due_date",
                  "due_on",
                  "start_on",
                  "list_id",
                  "position"));
      case "events.append_activity" ->
          Map.of(
              "id", new Value.Sql("uuidv7()"),
              "entity_type", text("task"),
              "entity_id", uuid("task"),
              "action", text(creates ? "task_created" : "task_updated"),
              "source", text("user"),
              "metadata", text("{}"),
              "request_id", text("0193c5a0-0000-7000-8000-000000000000"));
      case "idempotency.lock_and_find" ->
          Map.of("key", uuid("key"), "horizon", text(Instant.now().minus(Duration.ofHours(24))));
      case "idempotency.store_response" ->
          Map.of(
              "key", uuid("key"),
              "method", text(creates ? "POST" : "PATCH"),
              "path", text(path),
              "fingerprint", text("\\x" + "5a".repeat(32)),
              "status", text(operation.status()),
              "body", text("x".repeat(STORED_ANSWER)));
      default -> Map.of();
    };
  }

  private static Map<String, Value> all(Map<String, Value> some, Map<String, Value> others) {
    Map<String, Value> all = new HashMap<>(some);
    all.putAll(others);
    return all;
  }

  private static Map<String, Value> nulls(String... parameters) {
    return List.of(parameters).stream()
        .collect(Collectors.toMap(Function.identity(), _ -> new Value.Null()));
  }

  private static Value text(Object value) {
    return new Value.Text(value.toString());
  }

  private static Value uuid(String variable) {
    return new Value.Sql("lpad(:" + variable + "::text, 32, '0')::uuid");
  }
}

package app.perpetua.flow.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import app.perpetua.flow.sql.SqlCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * PostgreSQL's own load generator, given the very statements that a request executes, in the same
 * transaction and with the same number of round trips: what the database yields if the service
 * costs nothing.
 *
 * <p>What differs is how a parameter gets its value. pgbench computes with numbers only, so ids are
 * made by the server, out of one number each, and new ids by the server's {@code uuidv7()}. All
 * other values are parameters here as there.
 */
final class PgBench {
  /** What a run yielded. */
  record Result(double perSecond, double meanMillis) {}

  private static final Pattern PARAMETER = Pattern.compile("(?<![:\\w]):([a-z][a-z0-9_]*)");
  private static final Pattern LITERAL = Pattern.compile("'[^']*'");
  private static final Pattern RATE = Pattern.compile("(?m)^tps = ([0-9.]+)");
  private static final Pattern MEAN = Pattern.compile("(?m)^latency average = ([0-9.]+) ms");
  private static final Pattern FAILED = Pattern.compile("(?m)^number of failed .*: ([0-9]+) ");

  /** Characters of the answer to a write, which its idempotency record keeps. */
  private static final int STORED_ANSWER = 600;

  private final Database database;
  private final Path home;
  private final int clients;
  private final Map<String, SqlCatalog.Statement> statements;

  PgBench(Database database, Path home, int clients) {
    this.database = database;
    this.home = home;
    this.clients = clients;
    this.statements =
        SqlCatalog.load().all().stream()
            .collect(Collectors.toMap(SqlCatalog.Statement::name, Function.identity()));
  }

  /** The version, as pgbench tells it; empty if there is none on this machine. */
  static String version() {
    try {
      Process process = new ProcessBuilder("pgbench", "--version").start();
      String version = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
      return process.waitFor() == 0 ? version : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** Runs an operation's statements for so long. */
  Result run(Operation operation, Duration duration) throws IOException, InterruptedException {
    Path script = home.resolve(operation.fileName() + ".pgbench");
    Files.writeString(script, script(operation));
    List<String> command = new ArrayList<>(List.of("pgbench", "-n", "-M", "prepared"));
    command.addAll(List.of("-c", Integer.toString(clients), "-j", "2"));
    command.addAll(List.of("-T", Long.toString(duration.toSeconds()), "-f", script.toString()));
    values(operation).forEach((name, value) -> command.addAll(List.of("-D", name + "=" + value)));
    command.addAll(database.libpqArguments());
    Path output = home.resolve(operation.fileName() + ".pgbench.log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int exit = process.waitFor();
    String report = Files.readString(output);
    if (exit != 0 || number(FAILED, report) != 0) {
      throw new IOException("pgbench failed, " + output + " says why:\n" + report);
    }
    return new Result(number(RATE, report), number(MEAN, report));
  }

  /** The script: the keys, then the statements as {@code Tx} sends them. */
  private String script(Operation operation) {
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
      operation.asked().forEach(name -> script.append(statement(name)));
      return script.toString();
    }
    // The driver sends "begin" along with the first statement.
    script.append("\\startpipeline\nbegin;\n").append(statement(operation.asked().getFirst()));
    script.append("\\endpipeline\n");
    operation.asked().stream().skip(1).forEach(name -> script.append(statement(name)));
    script.append("\\startpipeline\n");
    operation.left().forEach(name -> script.append(statement(name)));
    return script.append("commit;\n\\endpipeline\n").toString();
  }

  private String statement(String name) {
    SqlCatalog.Statement statement = statements.get(name);
    if (statement == null) {
      throw new IllegalStateException(name + " is no statement any more: change Operation");
    }
    // pgbench looks for variables inside literals, too: a colon there is written as \072.
    String text =
        LITERAL
            .matcher(statement.sql())
            .replaceAll(
                literal ->
                    Matcher.quoteReplacement(
                        literal.group().contains(":")
                            ? "E" + literal.group().replace(":", "\\072")
                            : literal.group()));
    return PARAMETER
            .matcher(text)
            .replaceAll(parameter -> Matcher.quoteReplacement(value(name, parameter.group(1))))
        + ";\n";
  }

  private static String value(String statement, String parameter) {
    boolean created =
        statement.equals("tasks.insert_task") || statement.equals("events.append_activity");
    return switch (parameter) {
      case "user_id" -> uuid("user");
      case "key" -> uuid("key");
      case "entity_id" -> uuid("task");
      case "id" -> created ? "uuidv7()" : uuid("task");
      default -> ":" + parameter;
    };
  }

  private static String uuid(String variable) {
    return "lpad(:" + variable + "::text, 32, '0')::uuid";
  }

  private static double number(Pattern pattern, String report) throws IOException {
    Matcher found = pattern.matcher(report);
    if (!found.find()) {
      throw new IOException("pgbench reports otherwise than expected:\n" + report);
    }
    return Double.parseDouble(found.group(1));
  }

  /**
   * What the service would bind, for parameters that need not vary. One that is missing here is
   * bound as null.
   */
  private static Map<String, String> values(Operation operation) {
    Instant now = Instant.now();
    Map<String, String> values = new HashMap<>();
    values.put("now", now.toString());
    switch (operation) {
      case LIST -> {
        values.put("words", "{}");
        values.put("order", "created_at");
        values.put("descending", "true");
        values.put("hidden", "false");
        values.put("archived", "false");
        values.put("offset", "0");
        values.put("limit", "25");
      }
      case SHOW -> {}
      case COMPLETE -> throw new IllegalArgumentException(operation + " is not compared");
      case CREATE, PATCH -> {
        values.put("horizon", now.minus(Duration.ofHours(24)).toString());
        values.put("title", "Call the plumber about the kitchen tap");
        values.put("description", "It drips again. Ask whether the seal is under warranty.");
        values.put("priority", "high");
        values.put("estimated_duration", "15");
        values.put("entity_type", "task");
        values.put("action", operation == Operation.CREATE ? "task_created" : "task_updated");
        values.put("source", "user");
        values.put("metadata", "{}");
        values.put("request_id", "0193c5a0-0000-7000-8000-000000000000");
        values.put("method", operation == Operation.CREATE ? "POST" : "PATCH");
        values.put(
            "path",
            "/api/v1/tasks" + (operation == Operation.CREATE ? "" : "/" + Database.uuid(1)));
        values.put("fingerprint", "\\x" + "5a".repeat(32));
        values.put("status", Integer.toString(operation.status()));
        values.put("body", "x".repeat(STORED_ANSWER));
        values.put("open_delta", "0");
        values.put("completed", "false");
        values.put("hidden", "false");
        values.put("archived", "false");
        values.put("subtask_count", "0");
        values.put("subtask_completed_count", "0");
        values.put("version", "2");
        values.put("updated_at", now.toString());
      }
    }
    return values;
  }
}

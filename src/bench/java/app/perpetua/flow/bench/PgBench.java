package app.perpetua.flow.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.sql.SqlCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Runs pgbench with the statements of a request, in the same transaction and with the same number
 * of round trips: the throughput of a service without overhead.
 */
final class PgBench {
  /** The result of a run, without the time in which the clients connected. */
  record Result(long transactions, double perSecond) {}

  private static final Pattern RATE = Pattern.compile("(?m)^tps = ([0-9.]+)");
  private static final Pattern TRANSACTIONS =
      Pattern.compile("(?m)^number of transactions actually processed: ([0-9]+)");
  private static final Pattern FAILED = Pattern.compile("(?m)^number of failed .*: ([0-9]+) ");

  private final Database database;
  private final Path home;
  private final int clients;
  private final Map<Operation, PgBenchScript> scripts = new EnumMap<>(Operation.class);

  /**
   * Generates the scripts; the database must be loaded.
   *
   * @throws IllegalStateException if a statement has changed and {@link PgBenchScript} has not
   */
  PgBench(Database database, Path home, int clients) throws SQLException {
    this.database = database;
    this.home = home;
    this.clients = clients;
    SqlCatalog catalogue = SqlCatalog.load();
    Map<String, @Nullable String> task = database.task(0, Requests.PATCHED);
    for (Operation operation : Operation.values()) {
      if (operation.compared()) {
        scripts.put(operation, PgBenchScript.of(operation, catalogue.all(), task, clients));
      }
    }
  }

  /** pgbench's version; empty if it is not installed. */
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

  /** Runs an operation's statements for a duration. */
  Result run(Operation operation, Duration duration) throws IOException, InterruptedException {
    return run(operation, "-T", duration.toSeconds());
  }

  /** Runs an operation's statements a number of times in each client. */
  Result times(Operation operation, int count) throws IOException, InterruptedException {
    return run(operation, "-t", count);
  }

  private Result run(Operation operation, String limit, long amount)
      throws IOException, InterruptedException {
    PgBenchScript script = scripts.get(operation);
    if (script == null) {
      throw new IllegalArgumentException(operation + " is not compared");
    }
    Path file = home.resolve(operation.fileName() + ".pgbench");
    Files.writeString(file, script.text());
    List<String> command = new ArrayList<>(List.of("pgbench", "-n", "-M", "prepared"));
    command.addAll(List.of("-c", Integer.toString(clients), "-j", "2"));
    command.addAll(List.of(limit, Long.toString(amount), "-f", file.toString()));
    script.variables().forEach((name, value) -> command.addAll(List.of("-D", name + "=" + value)));
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
      throw new IOException("pgbench failed, " + output + " has the reason:\n" + report);
    }
    return new Result((long) number(TRANSACTIONS, report), number(RATE, report));
  }

  private static double number(Pattern pattern, String report) throws IOException {
    Matcher found = pattern.matcher(report);
    if (!found.find()) {
      throw new IOException("pgbench's report has an unexpected format:\n" + report);
    }
    return Double.parseDouble(found.group(1));
  }
}

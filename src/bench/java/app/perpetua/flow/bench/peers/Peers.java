package app.perpetua.flow.bench.peers;

import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Programs;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Compares four operations with the same on FastAPI with asyncpg and on Fastify with pg, each with
 * one worker and with two, over the same rows on the same PostgreSQL. Confined to one thread.
 */
public final class Peers {
  /** Starts servers and adds them to a list, which the caller ends. */
  @FunctionalInterface
  private interface Starts {
    void add(List<Peer> peers) throws IOException, SQLException;
  }

  /** Starts the service on a database, logging to a file. */
  @FunctionalInterface
  public interface Starting {
    Service start(String databaseUrl, Path log) throws IOException;
  }

  /** As data.sql and service-data.sql have. */
  private static final int USERS = 2_000;

  private static final Path SOURCES = Path.of("src/bench/peers").toAbsolutePath();

  /** Connections of each worker, as each would have in production. */
  private static final String POOL = "15";

  /** Python of the system, for which Debian's packages are installed. */
  private static final String PYTHON = "/usr/bin/python3";

  private static final List<String> PYTHON_MODULES =
      List.of(
          "fastapi", "uvicorn", "asyncpg", "uvloop", "httptools", "ujson", "cryptography", "jwt");

  private final Database database;
  private final Path home;
  private final boolean quick;
  private final Report report;

  /**
   * @param home folder for logs and keys
   * @param quick uses short windows
   * @param report prints a line
   */
  public Peers(Database database, Path home, boolean quick, Report report) {
    this.database = database;
    this.home = home.toAbsolutePath();
    this.quick = quick;
    this.report = report;
  }

  /**
   * Measures, or says what is missing.
   *
   * @param token the access token of a user, counted from 0
   * @param publicKey PEM of the key that signs the tokens
   */
  public void run(Starting starting, IntFunction<String> token, String publicKey)
      throws IOException, SQLException {
    Path key = home.resolve("public.pem");
    measure(
        token,
        peers -> {
          Files.writeString(key, publicKey);
          peers.add(service(Peer.Stack.OURS, starting));
          addFastApi(peers, key);
          addFastify(peers, key);
        });
  }

  /**
   * Compares the same operations of two releases of the service, or says what is missing.
   *
   * @param token as above
   */
  public void compareReleases(Starting ours, Starting former, IntFunction<String> token)
      throws IOException, SQLException {
    measure(
        token,
        peers -> {
          peers.add(service(Peer.Stack.OURS, ours));
          peers.add(service(Peer.Stack.FORMER, former));
        });
  }

  private void measure(IntFunction<String> token, Starts starts) throws IOException, SQLException {
    report.print("");
    if (!Programs.isInstalled("wrk")) {
      report.print("Skipping the comparison: wrk is not installed (apt-get install wrk)");
      return;
    }
    Files.createDirectories(home);
    Path tokens = home.resolve("tokens.txt");
    List<String> lines = new ArrayList<>();
    for (int user = 0; user < USERS; user++) {
      lines.add(token.apply(user));
    }
    Files.write(tokens, lines);
    List<Peer> peers = new ArrayList<>();
    try {
      starts.add(peers);
      new Rounds(database, new Wrk(SOURCES.resolve("wrk"), tokens), peers, quick, report).run();
    } finally {
      for (Peer peer : peers) {
        peer.end().run();
      }
    }
  }

  private Peer service(Peer.Stack stack, Starting starting) throws IOException, SQLException {
    String name = "peers_" + stack.name().toLowerCase(Locale.ROOT);
    database.create(name);
    Path log = fresh(name + ".log");
    Service service = starting.start(database.url(database.port(), name), log);
    try {
      execute(name, "service-data.sql");
    } catch (IOException | SQLException e) {
      service.close();
      throw e;
    }
    return new Peer(
        stack, 0, name, "tasks.task_instances", service.port(), service.pid(), service::close);
  }

  private void addFastApi(List<Peer> peers, Path key) throws IOException, SQLException {
    List<String> missing = new ArrayList<>();
    if (!Programs.isInstalled(PYTHON)) {
      missing.add("python3");
    } else {
      for (String module : PYTHON_MODULES) {
        if (!Programs.run(PYTHON, "-c", "import " + module)) {
          missing.add("python3-" + module);
        }
      }
    }
    if (!missing.isEmpty()) {
      report.print(
          "Skipping FastAPI: not installed for %s: apt-get install %s",
          PYTHON, String.join(" ", missing));
      return;
    }
    for (int workers = 1; workers <= 2; workers++) {
      List<String> command =
          new ArrayList<>(List.of(PYTHON, "-m", "uvicorn", "app:app", "--host", "127.0.0.1"));
      command.addAll(List.of("--port", "PORT", "--loop", "uvloop", "--http", "httptools"));
      command.addAll(List.of("--no-access-log", "--log-level", "warning"));
      if (workers > 1) {
        command.addAll(List.of("--workers", Integer.toString(workers)));
      }
      peers.add(peer(Peer.Stack.FASTAPI, workers, command, SOURCES.resolve("fastapi"), key));
    }
  }

  private void addFastify(List<Peer> peers, Path key) throws IOException, SQLException {
    if (!Programs.isInstalled("node") || !Programs.isInstalled("npm")) {
      report.print(
          "Skipping Fastify: %s is not installed (apt-get install nodejs npm)",
          Programs.isInstalled("node") ? "npm" : "node");
      return;
    }
    Path installed;
    try {
      installed = Programs.install(SOURCES.resolve("fastify"), home);
    } catch (Programs.NotInstalled e) {
      report.print("Skipping Fastify: %s", String.valueOf(e.getMessage()));
      return;
    }
    for (int workers = 1; workers <= 2; workers++) {
      peers.add(peer(Peer.Stack.FASTIFY, workers, List.of("node", "server.js"), installed, key));
    }
  }

  private Peer peer(Peer.Stack stack, int workers, List<String> command, Path directory, Path key)
      throws IOException, SQLException {
    String name = "peers_" + stack.name().toLowerCase(Locale.ROOT) + workers;
    database.create(name);
    execute(name, "schema.sql");
    execute(name, "data.sql");
    PeerServer server =
        new PeerServer(
            command,
            directory,
            Map.of(
                "DSN", database.url(database.port(), name),
                "POOL", POOL,
                "WORKERS", Integer.toString(workers),
                "JWT_PUBLIC_KEY_PATH", key.toString(),
                "PYTHONDONTWRITEBYTECODE", "1"),
            fresh(name + ".log"));
    return new Peer(
        stack, workers, name, "task_instances", server.port(), server.pid(), server::close);
  }

  private void execute(String name, String file) throws IOException, SQLException {
    try (Connection connection = database.connection(name);
        Statement statement = connection.createStatement()) {
      statement.execute(Files.readString(SOURCES.resolve("database").resolve(file)));
      statement.execute("vacuum analyze");
    }
  }

  private Path fresh(String name) throws IOException {
    Path file = home.resolve(name);
    Files.deleteIfExists(file);
    return file;
  }
}

package app.perpetua.flow;

import app.perpetua.flow.base.ServiceVersion;
import app.perpetua.flow.jobs.DeadJobsCommand;
import app.perpetua.flow.observability.LogConfig;
import app.perpetua.flow.observability.Logging;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.startup.Migrations;
import app.perpetua.flow.sql.startup.StartupWait;
import app.perpetua.flow.sql.startup.UnusableDatabaseException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.logging.Level;

/** The command line of the JAR. */
public final class Main {
  private static final String HELP =
      """
      Perpetua Flow, the backend of a personal task manager.

      java -jar perpetua-flow.jar [--role=all]   run the service
        --role=api       answer HTTP requests
        --role=worker    run jobs; answers health and metrics only
        --role=all       both (default)
        --migrate        migrate the database and exit; a role migrates it as well when it starts
        --list-dead      list the jobs whose last attempt failed
        --retry-dead     requeue them
        --check-config   check the configuration, print every error and warning, and exit;
          --connect      and try the database, the pooler and each provider's key
          --role=ROLE    only what this role needs
        --health         check whether the instance on this machine is ready
        --version        print the version
        --help           print this

      The configuration is read from environment variables. DATABASE_URL, JWT_PRIVATE_KEY and
      GOOGLE_CLIENT_ID are required; README.md lists all variables.

      Exit codes: 0 success, 1 cannot start, connect or not ready, 2 wrong usage or configuration.
      """;

  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final Duration HEALTH_TIMEOUT = Duration.ofSeconds(3);

  /** A deployment waits for the command, unlike for the service. */
  private static final Duration MIGRATE_TIMEOUT = Duration.ofMinutes(1);

  private Main() {}

  /** Runs a command. The service continues in its own threads after this returns. */
  public static void main(String[] args) {
    int exit = run(args, System.getenv());
    if (exit != OK) {
      System.exit(exit);
    }
  }

  private static int run(String[] args, Map<String, String> environment) {
    // The commands about jobs are part of the worker, so they accept its role.
    List<String> given = new ArrayList<>(List.of(args));
    if (given.contains("--list-dead") || given.contains("--retry-dead")) {
      given.remove("--role=worker");
    }
    if (given.remove("--check-config")) {
      return checkConfig(given, environment);
    }
    if (given.size() > 1) {
      return usageError("at most one argument is allowed");
    }
    String arg = given.isEmpty() ? "--role=all" : given.getFirst();
    return switch (arg) {
      case "--help", "-h" -> print(HELP);
      case "--version" -> print("perpetua-flow " + ServiceVersion.read() + "\n");
      case "--migrate" -> migrate(environment);
      case "--connect" -> usageError("--connect needs --check-config");
      case "--health" -> health(environment);
      case "--list-dead" -> dead(environment, DeadJobsCommand::list);
      case "--retry-dead" -> dead(environment, DeadJobsCommand::retry);
      default -> {
        Optional<Role> role = role(arg);
        yield role.isPresent() ? start(role.get(), environment) : unknown(arg);
      }
    };
  }

  private static Optional<Role> role(String arg) {
    return arg.startsWith("--role=")
        ? Role.named(arg.substring("--role=".length()))
        : Optional.empty();
  }

  private static int unknown(String arg) {
    return usageError(
        arg.startsWith("--role")
            ? "--role must be api, worker or all, as in --role=api"
            : "unknown argument " + arg);
  }

  private static int start(Role role, Map<String, String> environment) {
    try {
      ConfigReader reader = new ConfigReader(environment);
      Config config = Config.load(reader);
      Logging.start(config.log(), System.out);
      warn(role, reader.variables());
      App app = new App(config, role, Clock.systemUTC());
      // Before the start, which may wait for a database or a long migration.
      io.helidon.Main.addShutdownHandler(app::close);
      app.start();
      return OK;
    } catch (Config.InvalidException e) {
      return invalid(e);
    } catch (App.StartupException e) {
      System.err.println("perpetua-flow cannot start: " + e.getMessage());
      return FAILED;
    }
  }

  private static int migrate(Map<String, String> environment) {
    try {
      Config config = Config.load(environment);
      Logging.start(config.log(), System.out);
      StartupWait wait = StartupWait.atMost(MIGRATE_TIMEOUT);
      int count = new Migrations(config.database(), wait, true).run().orElseThrow();
      return print(count == 0 ? "the schema is up to date\n" : "migrations run: " + count + "\n");
    } catch (Config.InvalidException e) {
      return invalid(e);
    } catch (UnusableDatabaseException e) {
      System.err.println("perpetua-flow cannot migrate the database: " + e.getMessage());
      return FAILED;
    }
  }

  private static void warn(Role role, Variables variables) {
    System.Logger log = System.getLogger(Main.class.getName());
    ConfigWarnings.of(variables, Memory.ofThisProcess(), role)
        .forEach(warning -> log.log(System.Logger.Level.WARNING, warning));
  }

  private static int checkConfig(List<String> options, Map<String, String> environment) {
    boolean connect = options.remove("--connect");
    String arg = options.isEmpty() ? "--role=all" : options.removeFirst();
    Optional<Role> role = role(arg);
    if (role.isEmpty() || !options.isEmpty()) {
      return unknown(role.isEmpty() ? arg : options.getFirst());
    }
    // Libraries would log what the results say in a sentence.
    Logging.start(new LogConfig(Level.OFF, 0), System.err);
    return new CheckConfigCommand(
            environment,
            role.get(),
            Memory.ofThisProcess(),
            ConnectionChecks.LIMIT,
            System.out,
            System.err)
        .run(connect);
  }

  private static int dead(
      Map<String, String> environment, Function<DeadJobsCommand, String> command) {
    try {
      Config config = Config.load(environment);
      try (DeadJobsCommand jobs = new DeadJobsCommand(config.database(), Clock.systemUTC())) {
        return print(command.apply(jobs));
      }
    } catch (Config.InvalidException e) {
      return invalid(e);
    } catch (DatabaseException e) {
      System.err.println("perpetua-flow: the database is unavailable: " + e.getMessage());
      return FAILED;
    }
  }

  private static int health(Map<String, String> environment) {
    String port = environment.getOrDefault("PORT", "8000");
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health/ready"))
                  .timeout(HEALTH_TIMEOUT)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      print(answer.body() + "\n");
      return answer.statusCode() == 200 ? OK : FAILED;
    } catch (IOException | IllegalArgumentException e) {
      System.err.println("no instance answers on port " + port);
      return FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return FAILED;
    }
  }

  private static int print(String text) {
    System.out.print(text);
    return OK;
  }

  private static int invalid(Config.InvalidException e) {
    CheckConfigCommand.printErrors(e, System.err);
    return USAGE;
  }

  private static int usageError(String message) {
    System.err.println("perpetua-flow: " + message + "; see --help");
    return USAGE;
  }
}

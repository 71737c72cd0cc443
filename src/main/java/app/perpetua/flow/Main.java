package app.perpetua.flow;

import app.perpetua.flow.jobs.DeadJobsCommand;
import app.perpetua.flow.observability.Logging;
import app.perpetua.flow.sql.DatabaseException;
import java.io.IOException;
import java.io.InputStream;
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
import java.util.Properties;
import java.util.function.Function;

/** The command line: which part of the service to run, or what to tell about it. */
public final class Main {
  private static final String HELP =
      """
      Perpetua Flow, the backend of a personal task manager.

      java -jar perpetua-flow.jar [--role=all]   run the service
        --role=api       answer HTTP requests
        --role=worker    run jobs; answers health and metrics only
        --role=all       both (default)
        --list-dead      list jobs that failed for good
        --retry-dead     put them back into the queue
        --check-config   read the configuration, tell every fault, and end
        --health         ask the instance on this machine whether it is ready
        --version        print the version
        --help           print this

      It is configured by environment variables. DATABASE_URL, JWT_PRIVATE_KEY and GOOGLE_CLIENT_ID
      are required; README.md lists all of them.

      Exit codes: 0 ended as asked, 1 could not start or not ready, 2 wrong usage or configuration.
      """;

  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int MISUSED = 2;
  private static final Duration HEALTH_TIMEOUT = Duration.ofSeconds(3);

  private Main() {}

  /** Runs what the arguments ask for. The service itself goes on in its own threads. */
  public static void main(String[] args) {
    int exit = run(args, System.getenv());
    if (exit != DONE) {
      System.exit(exit);
    }
  }

  private static int run(String[] args, Map<String, String> environment) {
    // Asking about jobs is the worker's part, whether that is said or not.
    List<String> given = new ArrayList<>(List.of(args));
    if (given.contains("--list-dead") || given.contains("--retry-dead")) {
      given.remove("--role=worker");
    }
    if (given.size() > 1) {
      return misused("one argument at most");
    }
    String arg = given.isEmpty() ? "--role=all" : given.getFirst();
    return switch (arg) {
      case "--help", "-h" -> told(HELP);
      case "--version" -> told("perpetua-flow " + version() + "\n");
      case "--check-config" -> checkConfig(environment);
      case "--health" -> health(environment);
      case "--list-dead" -> dead(environment, DeadJobsCommand::list);
      case "--retry-dead" -> dead(environment, DeadJobsCommand::retry);
      default -> {
        Optional<Role> role =
            arg.startsWith("--role=")
                ? Role.named(arg.substring("--role=".length()))
                : Optional.empty();
        yield role.isPresent()
            ? start(role.get(), environment)
            : misused(
                arg.startsWith("--role")
                    ? "--role must be api, worker or all, as in --role=api"
                    : "unknown argument " + arg);
      }
    };
  }

  private static int start(Role role, Map<String, String> environment) {
    try {
      Config config = Config.load(environment);
      Logging.start(config.logLevel(), System.out);
      App app = App.start(config, role, Clock.systemUTC());
      io.helidon.Main.addShutdownHandler(app::close);
      return DONE;
    } catch (Config.Faulty e) {
      return faulty(e);
    } catch (App.StartupException e) {
      System.err.println("perpetua-flow cannot start: " + e.getMessage());
      return FAILED;
    }
  }

  private static int checkConfig(Map<String, String> environment) {
    try {
      Config.load(environment);
      return told("the configuration is complete\n");
    } catch (Config.Faulty e) {
      return faulty(e);
    }
  }

  private static int dead(
      Map<String, String> environment, Function<DeadJobsCommand, String> asked) {
    try {
      Config config = Config.load(environment);
      try (DeadJobsCommand report = new DeadJobsCommand(config.database(), Clock.systemUTC())) {
        return told(asked.apply(report));
      }
    } catch (Config.Faulty e) {
      return faulty(e);
    } catch (DatabaseException e) {
      System.err.println("perpetua-flow: the database does not answer: " + e.getMessage());
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
      told(answer.body() + "\n");
      return answer.statusCode() == 200 ? DONE : FAILED;
    } catch (IOException | IllegalArgumentException e) {
      System.err.println("no instance answers on port " + port);
      return FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return FAILED;
    }
  }

  private static String version() {
    try (InputStream in = Main.class.getResourceAsStream("/build.properties")) {
      Properties build = new Properties();
      build.load(in);
      return build.getProperty("version");
    } catch (IOException e) {
      throw new IllegalStateException("build.properties cannot be read", e);
    }
  }

  private static int told(String text) {
    System.out.print(text);
    return DONE;
  }

  private static int faulty(Config.Faulty e) {
    System.err.println("perpetua-flow cannot start, its configuration is faulty:");
    e.faults().forEach(fault -> System.err.println("  " + fault));
    return MISUSED;
  }

  private static int misused(String message) {
    System.err.println("perpetua-flow: " + message + "; --help tells what there is");
    return MISUSED;
  }
}

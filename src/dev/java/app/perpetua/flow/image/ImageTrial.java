package app.perpetua.flow.image;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/** The command line of this package; Dockerfile and deploy/try-image use it. */
public final class ImageTrial {
  private static final String USAGE =
      """
      train COMMAND...              runs the service, sends requests and stops it, for its AOT cache
      surround DIRECTORY            runs a database and fakes until SIGTERM; writes the files
                                    environment, id-tokens and, when all is there, ready
      visit URL DIRECTORY           makes the requests of a user
      load URL DIRECTORY SECONDS    measures the capacity, then offers three times as much
      """;

  private static final int VISITS = 20;
  private static final int USERS = 64;

  /** Connections that keep two cores busy; more of them raise the throughput no further. */
  private static final int BUSY = 32;

  private static final int OVERLOADED = 600;
  private static final Duration START = Duration.ofMinutes(2);

  /** The JVM writes the cache when the service has stopped, on one core in a minute. */
  private static final Duration STOP = Duration.ofMinutes(10);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
  private static final int TERMINATED = 143;

  private ImageTrial() {}

  /** Exit codes: 0 success, 1 failure, 2 wrong usage. */
  public static void main(String[] arguments) throws InterruptedException {
    // Hides progress messages of libraries.
    Logger.getLogger("").setLevel(Level.WARNING);
    try {
      List<String> given = List.of(arguments);
      switch (given.isEmpty() ? "" : given.getFirst()) {
        case "train" -> train(given.subList(1, given.size()));
        case "surround" -> surround(Path.of(given.get(1)));
        case "visit" -> visit(URI.create(given.get(1)), Path.of(given.get(2)));
        case "load" ->
            load(
                URI.create(given.get(1)),
                Path.of(given.get(2)),
                Duration.ofSeconds(Long.parseLong(given.get(3))));
        default -> {
          System.err.print(USAGE);
          System.exit(2);
        }
      }
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    } catch (RuntimeException | Error e) {
      e.printStackTrace();
      System.exit(1);
    }
    // The fakes' threads would keep the JVM alive.
    System.exit(0);
  }

  private static void train(List<String> command) throws IOException, InterruptedException {
    if (!Surroundings.exist()) {
      print("No PostgreSQL for %s: the image gets no AOT cache.", System.getProperty("os.arch"));
      return;
    }
    Path home = Files.createTempDirectory("training");
    try (Surroundings surroundings = Surroundings.start(home)) {
      int port = freePort();
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.redirectOutput(home.resolve("service.log").toFile());
      builder.environment().putAll(surroundings.environment());
      builder.environment().put("PORT", Integer.toString(port));
      Process process = builder.start();
      try {
        URI service = URI.create("http://127.0.0.1:" + port);
        awaitReady(service, process);
        int requests = 0;
        for (int i = 0; i < VISITS; i++) {
          try (Visit visit = new Visit(service)) {
            visit.withoutUser();
            visit.signIn(surroundings.idToken());
            visit.asUser();
            requests += visit.requests();
          }
        }
        print("Trained with %d requests; writing the cache ...", requests);
        process.destroy();
        if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
          throw new IOException("the service does not stop");
        }
        if (process.exitValue() != TERMINATED && process.exitValue() != 0) {
          throw new IOException("the service ended with " + process.exitValue());
        }
      } catch (IOException e) {
        throw new IOException(
            e.getMessage() + "\n" + Files.readString(home.resolve("service.log")), e);
      } finally {
        process.destroyForcibly();
      }
    }
  }

  private static void awaitReady(URI service, Process process)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    try (HttpClient http = HttpClient.newHttpClient()) {
      while (!isReady(http, service)) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new IOException("the service does not start");
        }
        LockSupport.parkNanos(LOOK_AGAIN.toNanos());
      }
    }
  }

  private static boolean isReady(HttpClient http, URI service) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(service.resolve("/health/ready")).timeout(START).build();
    try {
      return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private static void surround(Path home) throws IOException, InterruptedException {
    CountDownLatch terminated = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (Surroundings surroundings = Surroundings.start(home)) {
      Files.writeString(
          home.resolve("environment"),
          surroundings.environment().entrySet().stream()
              .map(variable -> variable.getKey() + "=" + variable.getValue() + "\n")
              .collect(Collectors.joining()));
      List<String> idTokens = new ArrayList<>();
      for (int i = 0; i < USERS; i++) {
        idTokens.add(surroundings.idToken());
      }
      Files.write(home.resolve("id-tokens"), idTokens);
      Files.createFile(home.resolve("ready"));
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    terminated.countDown();
                    awaitQuietly(closed);
                  }));
      terminated.await();
    } finally {
      closed.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void visit(URI service, Path home) throws IOException, InterruptedException {
    try (Visit visit = new Visit(service)) {
      visit.withoutUser();
      visit.signIn(Files.readAllLines(home.resolve("id-tokens")).getFirst());
      visit.asUser();
      print("%d requests answered as expected", visit.requests());
    }
  }

  private static void load(URI service, Path home, Duration duration)
      throws IOException, InterruptedException {
    List<String> accessTokens = new ArrayList<>();
    for (String idToken : Files.readAllLines(home.resolve("id-tokens"))) {
      try (Visit visit = new Visit(service)) {
        accessTokens.add(visit.signIn(idToken));
      }
    }
    Load load = new Load(service.getPort(), accessTokens);
    load.run(BUSY, 0, duration.dividedBy(2));
    double capacity = report("capacity", BUSY, 0, load.run(BUSY, 0, duration), duration);
    double offered = 3 * capacity;
    Load.Result result = load.run(OVERLOADED, offered, duration);
    report("overload", OVERLOADED, offered, result, duration);
    if (result.failed() > 0) {
      throw new IOException(
          "overload caused " + result.failed() + " errors other than 429 and 503");
    }
  }

  private static double report(
      String name, int connections, double offered, Load.Result result, Duration duration) {
    double seconds = duration.toMillis() / 1e3;
    double perSecond = result.served() / seconds;
    print(
        "%s: %d connections, %s requests/s offered, %.0f served, %.0f refused, %d failed",
        name,
        connections,
        offered == 0 ? "all possible" : String.format(Locale.ROOT, "%.0f", offered),
        perSecond,
        result.refused() / seconds,
        result.failed());
    return perSecond;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }
}

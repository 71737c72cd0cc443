package app.perpetua.flow;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Partitions;
import app.perpetua.flow.http.Endpoint;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.http.server.Server;
import app.perpetua.flow.http.websocket.WebSocketGate;
import app.perpetua.flow.http.websocket.WebSocketRoute;
import app.perpetua.flow.jobs.Backoff;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobMetrics;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.Worker;
import app.perpetua.flow.observability.AccessLog;
import app.perpetua.flow.observability.Health;
import app.perpetua.flow.observability.Metrics;
import app.perpetua.flow.observability.MetricsRoutes;
import app.perpetua.flow.observability.MetricsServer;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.DatabaseProbe;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Listener;
import app.perpetua.flow.sql.Migrations;
import app.perpetua.flow.sql.Pool;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.voice.LiveSessionRegistry;
import app.perpetua.flow.voice.VoiceTiming;
import com.zaxxer.hikari.HikariDataSource;
import java.net.http.HttpClient;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * The whole service on one page: what it is made of, in the order in which it starts. Closes in
 * reverse.
 */
public final class App implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(App.class.getName());

  /** How long to wait at start for a database that is starting, too. */
  private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(30);

  /** To whomever we call: longer than a lost packet takes, shorter than anybody waits. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /** All database work of one request, however many statements: a slow one frees its connection. */
  private static final Duration REQUEST_BUDGET = Duration.ofSeconds(5);

  /** Jobs that run at once, at most; each takes a connection that a request may need. */
  private static final int PARALLEL_JOBS = 4;

  /** The service cannot start; the message is one line for whoever started it. */
  public static final class StartupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartupException(Throwable cause) {
      super(cause.getMessage(), cause);
    }
  }

  private final List<AutoCloseable> parts;
  private final Health health;
  private final List<Route> routes;
  private final Worker worker;
  private final Endpoint endpoint;
  private final Server server;

  /**
   * Starts what the role asks for and returns once it serves.
   *
   * @param clock what users see as now; leases, rate limits and time-outs run on real time
   * @throws StartupException with one line that says why
   */
  public static App start(Config config, Role role, Clock clock) {
    return start(config, role, clock, _ -> {});
  }

  /**
   * As above.
   *
   * @param jobs told of every job that ran, from any thread
   */
  public static App start(Config config, Role role, Clock clock, Consumer<Worker.Ran> jobs) {
    return start(config, role, clock, jobs, VoiceTiming.standard());
  }

  /**
   * As above.
   *
   * @param timing how long live sessions wait for what
   */
  public static App start(
      Config config, Role role, Clock clock, Consumer<Worker.Ran> jobs, VoiceTiming timing) {
    List<AutoCloseable> parts = new ArrayList<>();
    try {
      new Migrations(config.database(), DATABASE_TIMEOUT, true).run();
      return new App(config, role, clock, jobs, timing, parts);
    } catch (Migrations.Failed | DatabaseException | IllegalStateException e) {
      close(parts);
      throw new StartupException(e);
    }
  }

  private App(
      Config config,
      Role role,
      Clock clock,
      Consumer<Worker.Ran> ran,
      VoiceTiming timing,
      List<AutoCloseable> parts) {
    this.parts = parts;
    Metrics metrics = closing(new Metrics());
    HikariDataSource pool = closing(Pool.open(config.database()));
    Pool.watch(pool, metrics.registry());
    Json json = new Json();
    Ids ids = new Ids();
    SqlCatalog catalog = SqlCatalog.load();
    Partitions partitions =
        new Partitions(new Db(pool, catalog, clock, REQUEST_BUDGET, _ -> false));
    Db db = new Db(pool, catalog, clock, REQUEST_BUDGET, partitions::ensure);
    HttpClient http = closing(HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build());
    Features features = new Features(config, timing, http, speaking(), json, ids, metrics, clock);
    worker =
        closing(
            new Worker(
                db,
                ids,
                features.handlers(),
                new DailyJobs(features.jobs(), features.daily(partitions)),
                new Backoff(new SecureRandom()),
                new JobMetrics(metrics.registry(), features::measure),
                ran,
                Math.clamp(config.database().poolSize() / 3, 1, PARALLEL_JOBS)));

    Errors errors = new Errors(json);
    RateLimiter limiter = new RateLimiter(clock);
    endpoint = new Endpoint(json, errors, db, features.authenticator(), limiter, config.http());
    health = closing(new Health(new DatabaseProbe(config.database())));
    Optional<LiveSessionRegistry> voice =
        role == Role.WORKER ? Optional.empty() : Optional.of(features.speech().live(db));
    List<WebSocketRoute> socketRoutes = voice.map(features.speech()::sockets).orElse(List.of());
    WebSocketGate sockets =
        new WebSocketGate(socketRoutes, features.authenticator(), limiter, config.http(), ids);
    routes = new ArrayList<>(Routes.operations(health, new MetricsRoutes(metrics, config.http())));
    if (role != Role.WORKER) {
      routes.addAll(features.routes(db, sockets));
    }

    // A machine that starts everything at once needs longer for this than a request may take.
    new Partitions(new Db(pool, catalog, clock, DATABASE_TIMEOUT, _ -> false)).ensure(db.now());
    server =
        closing(
            new Server(
                config.http(),
                routes,
                endpoint::handle,
                errors,
                ids,
                new AccessLog().andThen(metrics),
                sockets));
    // Behind the server, so that it ends before: who speaks is told why, and billed.
    voice.ifPresent(this::closing);
    voice.ifPresent(
        live -> metrics.registry().gauge("voice.sessions.live", live, LiveSessionRegistry::count));
    metrics.watch(server);
    if (config.http().metricsPort() != 0) {
      closing(new MetricsServer(metrics, config.http().metricsPort()));
    }
    server.start();
    if (role != Role.API) {
      closing(new Listener(config.database(), Jobs.CHANNEL, worker::wake));
      worker.start();
    }
    LOG.log(
        System.Logger.Level.INFO,
        "role {0} listens on port {1}",
        role.name().toLowerCase(Locale.ROOT),
        Integer.toString(server.port()));
  }

  /** With a thread for each thing that is told, as telling it to a client may take its time. */
  private HttpClient speaking() {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    HttpClient client =
        HttpClient.newBuilder()
            .executor(threads)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    parts.add(threads::shutdownNow);
    // Sessions have ended by now; one that has not is not waited for.
    parts.add(client::shutdownNow);
    return client;
  }

  /** The port it listens on. */
  public int port() {
    return server.port();
  }

  /** Runs every job that is due now, in whatever role; returns what ran, in order. */
  public List<Worker.Ran> runDueJobs() {
    return worker.runDue();
  }

  /** What it answers, to be held against the contract. */
  List<Route> routes() {
    return List.copyOf(routes);
  }

  private <T extends AutoCloseable> T closing(T part) {
    parts.add(part);
    return part;
  }

  /** Stops serving, lets what is in flight finish, and closes everything, last opened first. */
  @Override
  public void close() {
    LOG.log(System.Logger.Level.INFO, "stopping: what is in flight finishes");
    health.shuttingDown();
    worker.stopClaiming();
    endpoint.drain();
    close(parts);
    LOG.log(System.Logger.Level.INFO, "stopped");
  }

  private static void close(List<AutoCloseable> parts) {
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.WARNING, "closing " + part, e);
      }
    }
  }
}

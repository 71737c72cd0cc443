package app.perpetua.flow;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.events.Partitions;
import app.perpetua.flow.http.Authenticator;
import app.perpetua.flow.http.Docs;
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
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.observability.AccessLog;
import app.perpetua.flow.observability.Health;
import app.perpetua.flow.observability.Logging;
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
import app.perpetua.flow.voice.VoiceModule;
import app.perpetua.flow.voice.VoiceTiming;
import com.zaxxer.hikari.HikariDataSource;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** The whole service: constructs its parts, starts them in order, and closes them in reverse. */
public final class App implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(App.class.getName());

  /** How long to wait at startup for a database that is starting, too. */
  private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(30);

  /** All database work of a request; a slow one releases its connection after this. */
  private static final Duration REQUEST_BUDGET = Duration.ofSeconds(5);

  /** Jobs that run in parallel, at most; each takes a connection that a request may need. */
  private static final int PARALLEL_JOBS = 4;

  /** The service cannot start; the message is one line for the operator. */
  public static final class StartupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartupException(Throwable cause) {
      super(cause.getMessage(), cause);
    }
  }

  private final List<AutoCloseable> parts;
  private final Health health;
  private final List<Route> routes = new ArrayList<>();
  private final Worker worker;
  private final Endpoint endpoint;
  private final Server server;

  /**
   * Starts the parts of the role and returns once the service accepts requests.
   *
   * @param clock the current time as users see it; leases, rate limits and time-outs use real time
   * @throws StartupException if a part cannot start
   */
  public static App start(Config config, Role role, Clock clock) {
    return start(config, role, clock, _ -> {}, VoiceTiming.standard());
  }

  /**
   * As above.
   *
   * @param ran called after each job run, in any thread
   * @param timing time-outs of live voice sessions
   */
  public static App start(
      Config config, Role role, Clock clock, Consumer<Worker.Run> ran, VoiceTiming timing) {
    List<AutoCloseable> parts = new ArrayList<>();
    try {
      new Migrations(config.database(), DATABASE_TIMEOUT, true).run();
      return new App(config, role, clock, ran, timing, parts);
    } catch (Migrations.Failed | DatabaseException | IllegalStateException e) {
      close(parts);
      throw new StartupException(e);
    }
  }

  private App(
      Config config,
      Role role,
      Clock clock,
      Consumer<Worker.Run> ran,
      VoiceTiming timing,
      List<AutoCloseable> parts) {
    this.parts = parts;
    Metrics metrics = closing(new Metrics());
    HikariDataSource pool = closing(Pool.open(config.database()));
    Pool.register(pool, metrics.registry());
    SqlCatalog catalog = SqlCatalog.load();
    Partitions partitions =
        new Partitions(new Db(pool, catalog, clock, REQUEST_BUDGET, _ -> false));
    Db db = new Db(pool, catalog, clock, REQUEST_BUDGET, partitions::ensure);
    Json json = new Json();
    Ids ids = new Ids();
    Jobs jobs = new Jobs(ids, json);
    Events events = new Events(ids, json);
    ModuleContext context = new ModuleContext(json, ids, clock, events, jobs, metrics.registry());
    Providers providers = closing(new Providers(config, timing, context));

    Modules modules = new Modules(config, timing, context, providers, db);
    worker =
        closing(
            new Worker(
                db,
                ids,
                modules.jobs(),
                new DailyJobs(jobs, modules.daily(partitions)),
                new Backoff(new SecureRandom()),
                new JobMetrics(metrics.registry(), modules.billing()::measure),
                ran,
                Math.clamp(config.database().poolSize() / 3, 1, PARALLEL_JOBS)));

    Errors errors = new Errors(json);
    Authenticator authenticator = modules.account().authenticator();
    VoiceModule voice = modules.voice();
    RateLimiter limiter = new RateLimiter(clock);
    endpoint = new Endpoint(json, errors, db, authenticator, limiter, config.http());
    health = closing(new Health(new DatabaseProbe(config.database())));
    routes.addAll(health.routes());
    routes.addAll(new MetricsRoutes(metrics, config.http()).routes());
    Optional<LiveSessionRegistry> live =
        role == Role.WORKER ? Optional.empty() : Optional.of(voice.startLiveSessions(db));
    List<WebSocketRoute> socketRoutes =
        live.map(sessions -> voice.sockets(sessions, authenticator, db)).orElse(List.of());
    WebSocketGate sockets = new WebSocketGate(socketRoutes, authenticator, limiter, config.http());
    if (role != Role.WORKER) {
      routes.addAll(new Docs(json).routes());
      routes.addAll(modules.routes());
      routes.addAll(sockets.routes());
    }

    // On a machine that starts everything at once, this takes longer than a request may.
    Pool.awaitConnection(pool, DATABASE_TIMEOUT);
    new Partitions(new Db(pool, catalog, clock, DATABASE_TIMEOUT, _ -> false)).ensure(db.now());
    server =
        closing(
            new Server(
                config.http(),
                routes,
                endpoint,
                errors,
                ids,
                new AccessLog().andThen(metrics),
                sockets));
    // After the server, and so closed before it: clients receive the reason, and are billed.
    live.ifPresent(this::closing);
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

  /** The port that the service listens on. */
  public int port() {
    return server.port();
  }

  /** Runs every job that is due, in any role; returns the runs in order. */
  public List<Worker.Run> runDueJobs() {
    return worker.runDue();
  }

  /** All routes of the role, for comparison with the contract. */
  List<Route> routes() {
    return List.copyOf(routes);
  }

  private <T extends AutoCloseable> T closing(T part) {
    parts.add(part);
    return part;
  }

  /** Stops accepting work, awaits requests and jobs in progress, and closes all parts. */
  @Override
  public void close() {
    LOG.log(System.Logger.Level.INFO, "stopping: requests and jobs in progress finish");
    health.shuttingDown();
    worker.stopClaiming();
    endpoint.drain();
    close(parts);
    Logging.reportLeftOut();
    LOG.log(System.Logger.Level.INFO, "stopped");
  }

  private static void close(List<AutoCloseable> parts) {
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.WARNING, "cannot close " + part, e);
      }
    }
  }
}

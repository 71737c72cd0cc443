package app.perpetua.flow;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.events.Partitions;
import app.perpetua.flow.http.Docs;
import app.perpetua.flow.http.Endpoint;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.SessionCheck;
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
import app.perpetua.flow.parsing.CursorKey;
import app.perpetua.flow.redis.Redis;
import app.perpetua.flow.sql.ConnectionQueue;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.connection.DatabaseProbe;
import app.perpetua.flow.sql.connection.Listener;
import app.perpetua.flow.sql.connection.Pool;
import app.perpetua.flow.sql.startup.Migrations;
import app.perpetua.flow.sql.startup.StartupWait;
import app.perpetua.flow.sql.startup.UnusableDatabaseException;
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

  /** All database work of a request; a slow one releases its connection after this. */
  private static final Duration REQUEST_BUDGET = Duration.ofSeconds(5);

  /** Creating the partitions of a new database, on a machine that starts everything at once. */
  private static final Duration STARTUP_BUDGET = Duration.ofSeconds(30);

  /** Jobs that run in parallel, at most; each takes a connection that a request may need. */
  private static final int PARALLEL_JOBS = 4;

  /** The service cannot start; the message is one line for the operator. */
  public static final class StartupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartupException(Throwable cause) {
      super(cause.getMessage(), cause);
    }
  }

  private final Config config;
  private final Role role;
  private final List<AutoCloseable> parts = new ArrayList<>();
  private final Lifecycle lifecycle = new Lifecycle();
  private final StartupWait wait = StartupWait.unlimited();
  private final HikariDataSource pool;
  private final Optional<Redis> redis;
  private final Partitions startupPartitions;
  private final Db db;
  private final Metrics metrics;
  private final List<Route> routes = new ArrayList<>();
  private final Worker worker;
  private final Endpoint endpoint;
  private final Server server;
  private boolean isClosed;

  /**
   * Constructs the parts of the role and starts none of them.
   *
   * @param clock the current time as users see it; leases, rate limits and time-outs use real time
   */
  public App(Config config, Role role, Clock clock) {
    this(config, role, clock, _ -> {}, VoiceTiming.standard());
  }

  /**
   * As above.
   *
   * @param ran called after each job run, in any thread
   * @param timing time-outs of live voice sessions
   */
  public App(Config config, Role role, Clock clock, Consumer<Worker.Run> ran, VoiceTiming timing) {
    this.config = config;
    this.role = role;
    metrics = closing(new Metrics());
    pool = closing(Pool.open(config.database()));
    Pool.register(pool, metrics.registry());
    SqlCatalog catalog = SqlCatalog.load();
    ConnectionQueue queue = ConnectionQueue.of(pool);
    queue.register(metrics.registry());
    Partitions partitions =
        new Partitions(new Db(pool, queue, catalog, clock, REQUEST_BUDGET, _ -> false));
    startupPartitions =
        new Partitions(new Db(pool, queue, catalog, clock, STARTUP_BUDGET, _ -> false));
    db =
        new Db(
            pool,
            queue,
            catalog,
            clock,
            REQUEST_BUDGET,
            now -> {
              partitions.ensure(now);
              // Also if another transaction has created them meanwhile.
              return true;
            });
    Json json = new Json();
    Ids ids = new Ids();
    Jobs jobs = new Jobs(ids, json);
    Events events = new Events(ids, json);
    ModuleContext context = new ModuleContext(json, ids, clock, events, jobs, metrics.registry());
    redis =
        config.redis().map(url -> closing(new Redis(url, Redis.CALL_TIMEOUT, metrics.registry())));
    Providers providers = closing(new Providers(config, role, timing, context, redis));

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
    Authenticator authenticator = modules.token().authenticator();
    SessionCheck sessionCheck = modules.token().sessionCheck();
    VoiceModule voice = modules.voice();
    RateLimiter limiter = new RateLimiter(clock, redis);
    CursorKey cursorKey = new CursorKey(config.account().refreshSecret());
    endpoint =
        new Endpoint(
            json, errors, db, authenticator, sessionCheck, limiter, config.http(), cursorKey);
    Health health = closing(new Health(new DatabaseProbe(config.database()), lifecycle));
    routes.addAll(health.routes());
    routes.addAll(new MetricsRoutes(metrics, config.http()).routes());
    Optional<LiveSessionRegistry> live =
        role == Role.WORKER ? Optional.empty() : Optional.of(voice.startLiveSessions(db));
    List<WebSocketRoute> socketRoutes =
        live.map(sessions -> voice.sockets(sessions, authenticator, sessionCheck, db))
            .orElse(List.of());
    WebSocketGate sockets =
        new WebSocketGate(socketRoutes, authenticator, sessionCheck, limiter, config.http());
    if (role != Role.WORKER) {
      routes.addAll(new Docs(json, config.http().docsToken()).routes());
      routes.addAll(modules.routes());
      routes.addAll(sockets.routes());
    }

    server =
        closing(
            new Server(
                config.http(),
                routes,
                endpoint,
                errors,
                ids,
                new AccessLog().andThen(metrics),
                sockets,
                lifecycle));
    // After the server, and so closed before it: clients receive the reason, and are billed.
    live.ifPresent(this::closing);
    closing(modules.sync().streams());
    metrics.watch(server);
  }

  /**
   * Starts to listen, waits for the database, migrates it, and serves requests and runs jobs from
   * then on. Until then, {@code /health/live} succeeds and {@code /health/ready} does not. Returns
   * when the service is ready, or was closed meanwhile.
   *
   * @throws StartupException if it cannot start; everything is closed then
   */
  public void start() {
    try {
      server.start();
      if (config.http().metrics().port() != 0) {
        closing(new MetricsServer(metrics, config.http().metrics().port()));
      }
      LOG.log(
          System.Logger.Level.INFO,
          "role {0} listens on port {1}",
          role.name().toLowerCase(Locale.ROOT),
          Integer.toString(server.port()));
      redis.ifPresent(Redis::start);
      if (prepareDatabase()) {
        serve();
      }
    } catch (UnusableDatabaseException | DatabaseException | IllegalStateException e) {
      closeParts();
      throw new StartupException(e);
    }
  }

  /** Returns false if the service was closed meanwhile. */
  private boolean prepareDatabase() {
    while (true) {
      boolean isMigrated = new Migrations(config.database(), wait, true).run().isPresent();
      if (!isMigrated || !wait.connect(pool, config.database())) {
        return false;
      }
      try {
        startupPartitions.ensure(db.now());
        return true;
      } catch (DatabaseException e) {
        if (e.kind() != DatabaseException.Kind.UNAVAILABLE
            && e.kind() != DatabaseException.Kind.LOCKED) {
          throw e;
        }
        LOG.log(System.Logger.Level.WARNING, "cannot create partitions yet: {0}", e.line());
        wait.pause();
      }
    }
  }

  private synchronized void serve() {
    if (isClosed) {
      return;
    }
    if (role != Role.API) {
      Listener listener = closing(new Listener(config.database(), Jobs.CHANNEL, worker::wake));
      worker.start(listener::isListening);
    }
    lifecycle.serve();
    LOG.log(System.Logger.Level.INFO, "ready");
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

  private synchronized <T extends AutoCloseable> T closing(T part) {
    parts.add(part);
    return part;
  }

  /**
   * Reports not ready, serves requests for the configured delay, then accepts no more, awaits
   * requests and jobs in progress, and closes all parts.
   */
  @Override
  public void close() {
    boolean isServing = !lifecycle.isStarting();
    wait.cancel();
    synchronized (this) {
      isClosed = true;
      lifecycle.stop();
    }
    worker.stopClaiming();
    if (isServing && role != Role.WORKER) {
      awaitLoadBalancers(config.http().shutdownDelay());
    }
    LOG.log(System.Logger.Level.INFO, "stopping: requests and jobs in progress finish");
    endpoint.drain();
    closeParts();
    Logging.reportLeftOut();
    LOG.log(System.Logger.Level.INFO, "stopped");
  }

  private static void awaitLoadBalancers(Duration delay) {
    if (delay.isPositive()) {
      LOG.log(
          System.Logger.Level.INFO,
          "stopping in {0} s; new requests are served until then",
          Long.toString(delay.toSeconds()));
      try {
        Thread.sleep(delay);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void closeParts() {
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.WARNING, "cannot close " + part, e);
      }
    }
    parts.clear();
  }
}

package app.perpetua.flow.dev;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.dev.control.CheckoutControls;
import app.perpetua.flow.dev.control.ConsoleFiles;
import app.perpetua.flow.dev.control.ControlPort;
import app.perpetua.flow.dev.control.Controls;
import app.perpetua.flow.dev.control.DeepgramControls;
import app.perpetua.flow.dev.control.DevOrders;
import app.perpetua.flow.dev.control.JobControls;
import app.perpetua.flow.dev.control.MetricsControls;
import app.perpetua.flow.dev.control.OffsetClock;
import app.perpetua.flow.dev.control.OpenAiControls;
import app.perpetua.flow.dev.control.PaymentPages;
import app.perpetua.flow.dev.control.ProviderControls;
import app.perpetua.flow.dev.control.PushControls;
import app.perpetua.flow.dev.control.RanJobs;
import app.perpetua.flow.dev.control.ServiceClock;
import app.perpetua.flow.dev.control.Sessions;
import app.perpetua.flow.dev.control.Shop;
import app.perpetua.flow.dev.control.WebhookControls;
import app.perpetua.flow.dev.metrics.MetricsSampler;
import app.perpetua.flow.dev.sample.SampleControls;
import app.perpetua.flow.dev.sample.SampleData;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.FakeProvider;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.WebhookReceiver;
import app.perpetua.flow.jobs.DeadJobsCommand;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The service as child processes, and everything it needs, on this machine. Starts once and stops
 * once, in reverse order, even while it is still starting. Thread-safe.
 */
public final class LocalStack implements AutoCloseable {
  /** How long processes of a killed dev server may still hold its ports. */
  private static final Duration ORPHANS = Duration.ofSeconds(30);

  /** Ctrl-C ends child processes as well, and their end may be noticed before the signal. */
  private static final Duration SIGNAL = Duration.ofSeconds(1);

  /** Slow enough to see the model's text arrive. */
  private static final Duration WORD_PACE = Duration.ofMillis(30);

  private final Consumer<String> terminal;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final List<ServiceProcess> processes = new ArrayList<>();
  private final RanJobs ranJobs = new RanJobs();
  private final Json json = new Json();
  private volatile boolean isReady;
  private volatile boolean hasFailed;
  private final CountDownLatch closing = new CountDownLatch(1);
  private boolean closed;

  /**
   * @param terminal receives messages for the user, line by line, from any thread
   */
  public LocalStack(Consumer<String> terminal) {
    this.terminal = terminal;
  }

  /**
   * Starts everything and returns once the service serves.
   *
   * @param environment the caller's; variables of the service are passed on
   * @return a summary of all addresses, for the user
   * @throws StartupException if the start fails; the caller must still close this object
   */
  public String start(Options options, Map<String, String> environment) {
    try {
      return startAll(options, environment);
    } catch (RuntimeException e) {
      hasFailed = !isClosing();
      throw e;
    }
  }

  private String startAll(Options options, Map<String, String> environment) {
    try {
      Home home = step(() -> new Home(options.home()));
      boolean crashed =
          DevDatabase.hasLeftover(home.postgres())
              && during(
                  "Stopping the database of an earlier run that was killed",
                  () -> DevDatabase.stopLeftover(home.postgres()));
      if (options.fresh()) {
        home.forget();
      }
      Ports ports = new Ports(crashed ? ORPHANS : Duration.ZERO, terminal);
      int port = ports.free(options.port(), "--port");
      int controlPort = ports.free(options.controlPort(), "--control-port");
      Map<String, String> secrets = Secrets.keptIn(home.secrets());
      OffsetClock clock = OffsetClock.movable(home.clock());
      DevDatabase database =
          during(
              "Starting the database",
              () -> step(() -> DevDatabase.start(home.postgres(), home.postgresLog())));
      FakeGoogle google = step(() -> new FakeGoogle(clock));
      FakePushService push = step(() -> new FakePushService(clock));
      FakeOpenAi openAi = step(() -> new FakeOpenAi(WORD_PACE));
      FakeCheckout checkout = step(() -> new FakeCheckout(clock));
      FakeDeepgram deepgram = step(FakeDeepgram::new);
      ServiceEnvironment.Around around =
          new ServiceEnvironment.Around(
              google.jwksUrl(),
              push.origin(),
              openAi.baseUrl(),
              checkout.baseUrl(),
              deepgram.origin(),
              "http://localhost:" + controlPort);
      ServiceEnvironment variables =
          ServiceEnvironment.of(environment, secrets, database.url(), around);
      variables.notes().forEach(terminal);
      Consumer<String> log = options.logs() ? terminal : step(() -> new LogFile(home.serviceLog()));
      startService(options.workers(), port, variables, home.clock(), log);
      URI service = URI.create("http://localhost:" + port);
      URI itself = URI.create("http://127.0.0.1:" + port);
      checkout.pagesAt(URI.create(around.control()));
      checkout.webhooksTo(itself.resolve("/api/v1/webhooks/checkout"));
      checkout.signWith(variables.webhookSecret());
      int creditCents = variables.cents("CREDIT_PRICE_CENTS", 5);
      CheckoutControls payments =
          new CheckoutControls(
              checkout,
              new DevOrders(
                  database.dataSource(), variables.cents("PRO_PRICE_CENTS", 999), creditCents),
              clock,
              new SecureRandom());
      ServiceClock serviceClock = new ServiceClock(clock, database::makeDays, ranJobs::forget);
      Controls controls =
          new Controls(
              google,
              variables.googleClientId(),
              new Sessions(itself, json),
              new Shop(itself, checkout, json),
              serviceClock,
              ranJobs,
              this::runDueJobs,
              new SecureRandom());
      DatabaseUrl databaseUrl = DatabaseUrl.parse(database.url());
      JobControls jobs =
          new JobControls(
              database.dataSource(),
              () -> new DeadJobsCommand(new DatabaseConfig(databaseUrl, databaseUrl, 1), clock),
              clock);
      Map<String, FakeProvider> providers = new LinkedHashMap<>();
      providers.put("openai", openAi);
      providers.put("deepgram", deepgram);
      providers.put("checkout", checkout);
      providers.put("google", google);
      providers.put("push", push);
      SampleData sample =
          new SampleData(
              itself,
              controls,
              serviceClock,
              this::runDueJobs,
              checkout,
              providers.values(),
              database.dataSource(),
              json);
      WebhookControls webhooks =
          new WebhookControls(
              new WebhookReceiver(clock, 200), around.control(), new SecureRandom(), json);
      MetricsSampler sampler =
          step(
              () ->
                  new MetricsSampler(
                      () -> targets(variables.metricsPort()),
                      MetricsSampler.INTERVAL,
                      Clock.systemUTC(),
                      System::nanoTime));
      ControlPort control =
          step(
              () ->
                  new ControlPort(
                      controlPort,
                      Stream.of(
                              controls.calls(),
                              jobs.calls(),
                              new MetricsControls(sampler.recent()).calls(),
                              new ProviderControls(providers).calls(),
                              new SampleControls(sample).calls(),
                              new PushControls(push, json).calls(),
                              webhooks.calls(),
                              new OpenAiControls(openAi, json).calls(),
                              payments.calls(),
                              new DeepgramControls(deepgram).calls())
                          .flatMap(List::stream)
                          .toList(),
                      () -> where(service, database, variables.googleSignIn()),
                      json));
      PaymentPages pages = new PaymentPages(checkout, creditCents, clock);
      control.serve(PaymentPages.PATH, pages);
      control.serve(PaymentPages.STYLE, pages::style);
      control.serve(WebhookControls.RECEIVER, webhooks.receiver());
      control.allow(service.toString(), ServiceEnvironment.TOKEN_PATH);
      ConsoleFiles console = new ConsoleFiles(service, variables.googleSignIn());
      control.serve(ConsoleFiles.PATH, console);
      control.home(console::home);
      if (options.sample()) {
        create(sample);
      }
      isReady = true;
      return Welcome.text(
          service,
          control.address().getPort(),
          database,
          processes,
          clock.offset(),
          options.logs() ? null : home.serviceLog());
    } catch (IOException e) {
      throw new StartupException(e.toString(), e);
    }
  }

  private void create(SampleData sample) {
    try {
      SampleData.Created created = sample.create(SampleData.EMAIL, terminal);
      terminal.accept("Sample data: sign in to the console as " + created.email() + ".");
    } catch (Refusal e) {
      terminal.accept("No sample data: " + e.message());
    } catch (IOException e) {
      terminal.accept("The sample data are incomplete: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartupException("interrupted", e);
    }
  }

  /** The API process first: it migrates the database, so the workers need not. */
  private void startService(
      int workers, int port, ServiceEnvironment variables, Path clock, Consumer<String> log) {
    String clockArgument = "--clock=" + clock.toAbsolutePath();
    Map<String, String> its = variables.onPort(port);
    String role = workers == 0 ? "--role=all" : "--role=api";
    try (Progress _ = new Progress("Starting the service", terminal)) {
      startProcess("service", List.of(role, clockArgument), its, log).awaitReady();
    }
    if (workers == 0) {
      return;
    }
    try (Progress _ = new Progress("Starting the workers", terminal)) {
      List<ServiceProcess> waiting = new ArrayList<>();
      for (int i = 1; i <= workers; i++) {
        List<String> arguments = List.of("--role=worker", clockArgument);
        waiting.add(startProcess("worker " + i, arguments, variables.forWorker(), log));
      }
      waiting.forEach(ServiceProcess::awaitReady);
    }
  }

  private ServiceProcess startProcess(
      String name, List<String> arguments, Map<String, String> environment, Consumer<String> log) {
    ServiceProcess process =
        step(() -> new ServiceProcess(name, arguments, environment, log, terminal, ranJobs::add));
    synchronized (this) {
      processes.add(process);
    }
    return process;
  }

  /** Uses any process that can, workers first. */
  private boolean runDueJobs() throws InterruptedException {
    List<ServiceProcess> all;
    synchronized (this) {
      all = List.copyOf(processes);
    }
    for (ServiceProcess process : all.reversed()) {
      if (process.runDue()) {
        return true;
      }
    }
    return false;
  }

  /**
   * The processes that export metrics.
   *
   * @param metricsPort the API process's port for metrics; 0 if it is its main port
   */
  private synchronized List<MetricsSampler.Target> targets(int metricsPort) {
    List<MetricsSampler.Target> targets = new ArrayList<>();
    for (ServiceProcess process : processes) {
      if (process.isReady()) {
        boolean isSeparate = targets.isEmpty() && metricsPort != 0;
        targets.add(
            new MetricsSampler.Target(
                process.name(), process.pid(), isSeparate ? metricsPort : process.port()));
      }
    }
    return targets;
  }

  private synchronized Map<String, Object> where(
      URI service, DevDatabase database, @Nullable String googleClientId) {
    Map<String, Long> pids = new LinkedHashMap<>();
    processes.forEach(process -> pids.put(process.name(), process.pid()));
    pids.put("database", database.pid());
    Map<String, Object> where = new LinkedHashMap<>();
    where.put("service", service.toString());
    where.put("database", database.url());
    where.put("pids", pids);
    if (googleClientId != null) {
      where.put("google_client_id", googleClientId);
    }
    return where;
  }

  private <T> T during(String what, Supplier<T> task) {
    try (Progress _ = new Progress(what, terminal)) {
      return task.get();
    }
  }

  /** Closing waits for the current step, and no further step starts. */
  private synchronized <T> T step(Callable<T> start) {
    if (closed) {
      throw new StartupException("stopped while starting", null);
    }
    try {
      T part = start.call();
      if (part instanceof AutoCloseable closeable) {
        started.push(closeable);
      }
      return part;
    } catch (UncheckedIOException e) {
      throw new StartupException(e.getMessage() + ": " + e.getCause(), e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new StartupException(e.toString(), e);
    }
  }

  private boolean isClosing() {
    try {
      return closing.await(SIGNAL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Whether the start failed by itself, and not because this object is being closed. */
  public boolean hasFailed() {
    return hasFailed;
  }

  /** Stops the service's processes, then the database and the fakes. */
  @Override
  public void close() {
    closing.countDown();
    closeParts();
  }

  private synchronized void closeParts() {
    if (closed) {
      return;
    }
    closed = true;
    if (isReady) {
      terminal.accept("Stopping ...");
    }
    // All at once, so that none restarts while another is still stopping.
    processes.forEach(ServiceProcess::stop);
    for (AutoCloseable part : started) {
      try {
        part.close();
      } catch (Exception | AssertionError e) {
        terminal.accept("Error while stopping: " + e.getMessage());
      }
    }
    if (!hasFailed) {
      terminal.accept("Stopped.");
    }
  }
}

package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.process.CpuTime;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Programs;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.bench.voice.VoiceProvider;
import app.perpetua.flow.bench.voice.VoiceSpeaker;
import app.perpetua.flow.fake.FakeDeepgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Two hundred concurrent voice sessions in real time: the delay that the service adds to audio on
 * its way to the provider, compared with a plain relay on Node's {@code ws}. Confined to one
 * thread.
 */
final class Voices {
  /** Starts the service with additional environment variables. */
  @FunctionalInterface
  interface Services {
    Service start(Map<String, String> environment) throws IOException;
  }

  private static final int SESSIONS = 200;
  private static final int ATTEMPTS = 5;
  private static final double TARGET_MILLIS = 15;
  private static final double TARGET_MEGABYTES = 1;

  /** Time for the last frames to arrive. */
  private static final Duration ARRIVAL = Duration.ofMillis(500);

  private static final Path RELAY = Path.of("src/bench/npm/voice-relay");
  private static final String LISTEN = "/v1/listen?model=nova-2";
  private static final String SOCKET = "/api/v1/ws/voice/transcribe?token=";
  private static final Pattern USED = Pattern.compile("used (\\d+)K");

  private final Database database;
  private final Path home;
  private final BenchOptions options;
  private final Report report;
  private final IntFunction<String> tokens;

  Voices(
      Database database,
      Path home,
      BenchOptions options,
      Report report,
      IntFunction<String> tokens) {
    this.database = database;
    this.home = home;
    this.options = options;
    this.report = report;
    this.tokens = tokens;
  }

  void run(Services services) throws IOException, SQLException, InterruptedException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("update auth.users set tier = 'pro'");
    }
    report.print("");
    report.print(
        "%d live voice sessions, a frame of %,d bytes every %d ms each, %d s; delay from client to"
            + " provider:",
        SESSIONS, VoiceSpeaker.FRAME_BYTES, VoiceSpeaker.PACE.toMillis(), seconds());
    report.print(
        "%-22s %8s %8s %10s | %8s %5s %9s | %s",
        "", "p50 ms", "p99 ms", "added p99", "frames", "lost", "disorder", "CPU of all cores, %");
    try (VoiceProvider provider = new VoiceProvider()) {
      double base = direct(provider);
      node(provider, base);
      service(provider, base, services);
    }
  }

  private long seconds() {
    return options.quick() ? 5 : 20;
  }

  private double direct(VoiceProvider provider) throws IOException, InterruptedException {
    Latencies latencies =
        measured("no relay", provider, provider.port(), _ -> LISTEN, false, 0, 0, null);
    return millis(latencies, 0.5);
  }

  private void node(VoiceProvider provider, double base) throws IOException, InterruptedException {
    if (!Programs.isInstalled("node") || !Programs.isInstalled("npm")) {
      report.print(
          "Skipping the ws relay: node or npm is not installed (apt-get install nodejs npm)");
      return;
    }
    Path relay;
    try {
      relay = Programs.install(RELAY, home);
    } catch (Programs.NotInstalled e) {
      report.print("Skipping the ws relay: %s", String.valueOf(e.getMessage()));
      return;
    }
    Process node =
        new ProcessBuilder("node", "relay.mjs", "ws://127.0.0.1:" + provider.port() + LISTEN)
            .directory(relay.toFile())
            .redirectError(Redirect.appendTo(home.resolve("voice-relay.log").toFile()))
            .start();
    try (BufferedReader out = node.inputReader(StandardCharsets.US_ASCII)) {
      int port = Integer.parseInt(String.valueOf(out.readLine()));
      measured("plain ws on Node", provider, port, _ -> "/", true, base, node.pid(), null);
    } finally {
      node.destroy();
    }
  }

  private void service(VoiceProvider provider, double base, Services services)
      throws IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>();
    environment.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    environment.put("DEEPGRAM_BASE_URL", "http://127.0.0.1:" + provider.port());
    environment.put("PRO_DAILY_CREDITS", "100000");
    try (Service service = services.start(environment)) {
      // An unmeasured run first, for the JVM's compilers.
      speak(
          provider,
          service.port(),
          user -> SOCKET + tokens.apply(user),
          true,
          Duration.ofSeconds(options.quick() ? 3 : 60),
          null);
      provider.take();
      Latencies latencies =
          measured(
              "the service",
              provider,
              service.port(),
              user -> SOCKET + tokens.apply(user),
              true,
              base,
              service.pid(),
              service);
      double added = millis(latencies, 0.99) - base;
      report.print(
          "  added p99, target < %.0f ms: %s",
          TARGET_MILLIS, added < TARGET_MILLIS ? "met" : "MISSED");
    }
  }

  private Latencies measured(
      String title,
      VoiceProvider provider,
      int port,
      IntFunction<String> targets,
      boolean welcomed,
      double base,
      long pid,
      @Nullable Service service)
      throws IOException, InterruptedException {
    CpuTime[] cpu = new CpuTime[2];
    double[] heap = new double[2];
    if (service != null) {
      heap[0] = heapMegabytes(service.pid());
    }
    List<VoiceSpeaker> speakers =
        speak(
            provider,
            port,
            targets,
            welcomed,
            Duration.ofSeconds(seconds()),
            new Phases() {
              @Override
              public void begun() {
                cpu[0] = CpuTime.of(pid, database.pid());
              }

              @Override
              public void ending() {
                cpu[1] = CpuTime.of(pid, database.pid());
              }

              @Override
              public void silent() throws IOException {
                if (service != null) {
                  heap[1] = heapMegabytes(pid);
                }
              }
            });
    Latencies latencies = new Latencies();
    Map<Integer, VoiceProvider.Stream> streams = new HashMap<>();
    for (VoiceProvider.Stream stream : provider.take()) {
      streams.put(stream.session(), stream);
      stream.addTo(latencies);
    }
    long sent = 0;
    long lost = 0;
    long disordered = 0;
    for (VoiceSpeaker speaker : speakers) {
      VoiceProvider.Stream stream = streams.get(speaker.session());
      sent += speaker.sent();
      lost += stream == null ? speaker.sent() : speaker.sent() - stream.frames();
      boolean same = stream != null && stream.checksum() == speaker.checksum();
      disordered += stream == null ? 0 : stream.disordered() + (same ? 0 : 1);
    }
    CpuTime used = cpu[1].since(cpu[0]);
    double p99 = millis(latencies, 0.99);
    report.print(
        "%-22s %8.2f %8.2f %10s | %,8d %5d %9d | driver %.0f, relay %.0f, postgres %.0f, others %.0f",
        title,
        millis(latencies, 0.5),
        p99,
        base == 0 ? "" : "%.2f".formatted(p99 - base),
        sent,
        lost,
        disordered,
        used.percent(used.driver()),
        used.percent(used.service()),
        used.percent(used.postgres()),
        used.percent(used.others()));
    if (service != null) {
      double each = (heap[1] - heap[0]) / SESSIONS;
      report.print(
          "  live heap per session: %.3f MB, target < %.0f MB: %s",
          each, TARGET_MEGABYTES, each < TARGET_MEGABYTES ? "met" : "MISSED");
    }
    return latencies;
  }

  /** Callbacks at the start and the end of the measured time. */
  private interface Phases {
    void begun();

    void ending();

    /** All clients have stopped sending and are still connected. */
    void silent() throws IOException;
  }

  private List<VoiceSpeaker> speak(
      VoiceProvider provider,
      int port,
      IntFunction<String> targets,
      boolean welcomed,
      Duration time,
      @Nullable Phases phases)
      throws IOException, InterruptedException {
    List<VoiceSpeaker> speakers = new ArrayList<>();
    boolean isService = welcomed && targets.apply(0).startsWith(SOCKET);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<VoiceSpeaker>> opening = new ArrayList<>();
      for (int i = 0; i < SESSIONS; i++) {
        int session = i;
        opening.add(threads.submit(() -> opened(session, port, targets.apply(session), welcomed)));
      }
      for (Future<VoiceSpeaker> each : opening) {
        speakers.add(result(each));
      }
      // Starts after each client's first frame, which opens the transcription and charges a minute.
      long begin = System.nanoTime() + Duration.ofSeconds(2).toNanos();
      long end = begin + time.toNanos();
      List<Future<Boolean>> speaking = new ArrayList<>();
      for (VoiceSpeaker speaker : speakers) {
        speaking.add(
            threads.submit(
                () -> {
                  speaker.speakUntil(end);
                  return true;
                }));
      }
      LockSupport.parkNanos(begin - System.nanoTime());
      provider.measure();
      if (phases != null) {
        phases.begun();
      }
      LockSupport.parkNanos(end - System.nanoTime() - Duration.ofMillis(50).toNanos());
      if (phases != null) {
        phases.ending();
      }
      for (Future<Boolean> each : speaking) {
        result(each);
      }
      LockSupport.parkNanos(ARRIVAL.toNanos());
      if (phases != null) {
        phases.silent();
      }
      List<Future<Boolean>> finishing = new ArrayList<>();
      for (VoiceSpeaker speaker : speakers) {
        finishing.add(
            threads.submit(
                () -> {
                  if (isService) {
                    speaker.finish();
                  }
                  return true;
                }));
      }
      for (Future<Boolean> each : finishing) {
        result(each);
      }
    }
    for (VoiceSpeaker speaker : speakers) {
      if (isService && !speaker.last().contains("\"complete\"")) {
        throw new IOException("the session did not complete: " + speaker.last());
      }
      speaker.close();
    }
    return speakers;
  }

  /** Connects; retries after a rejection, because all clients connect at the same time. */
  private static VoiceSpeaker opened(int session, int port, String target, boolean welcomed)
      throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return new VoiceSpeaker(session, port, target, welcomed);
      } catch (VoiceSpeaker.Overloaded e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
        LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
      }
    }
  }

  private static <T> T result(Future<T> future) throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  /** Megabytes of live objects on the heap. */
  private static double heapMegabytes(long pid) throws IOException {
    String jcmd = System.getProperty("java.home") + "/bin/jcmd";
    output(jcmd, Long.toString(pid), "GC.run");
    Matcher used = USED.matcher(output(jcmd, Long.toString(pid), "GC.heap_info"));
    if (!used.find()) {
      throw new IOException("jcmd does not report the heap usage");
    }
    return Long.parseLong(used.group(1)) / 1024.0;
  }

  private static String output(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader out = process.inputReader(StandardCharsets.US_ASCII)) {
      return String.join("\n", out.lines().toList());
    }
  }

  private static double millis(Latencies latencies, double share) {
    return latencies.percentile(share).toNanos() / 1e6;
  }
}

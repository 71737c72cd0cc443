package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Chatters;
import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.process.CpuTime;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Programs;
import app.perpetua.flow.bench.process.Relay;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Chats through the service: the delay that it adds to the model's text, compared with a plain
 * relay, and the heap that a thousand concurrent chats take. Confined to one thread.
 */
final class Chats {
  /** Starts the service with additional environment variables. */
  @FunctionalInterface
  interface Starting {
    Service start(Map<String, String> overrides) throws IOException;
  }

  private static final int AT_ONCE = 200;
  private static final Duration PACE = Duration.ofMillis(50);
  private static final int HELD = 1_000;

  /** Slow enough that a thousand streams leave the machine mostly idle. */
  private static final Duration HELD_PACE = Duration.ofSeconds(1);

  /** More than any client reads: clients disconnect after the measurement. */
  private static final int HELD_WORDS = 600;

  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private static final int CREDITS = 100;

  private final class Measured {
    private final String name;
    private final int port;
    private final long pid;
    private final IntFunction<byte[]> request;
    private final Latencies latencies = new Latencies();
    private long ticks;
    private long words;

    Measured(String name, int port, long pid, IntFunction<byte[]> request) {
      this.name = name;
      this.port = port;
      this.pid = pid;
      this.request = request;
    }

    Latencies window(int count) throws IOException {
      openAi.script(OpenAiStep.clock(count).slowly(PACE).times(AT_ONCE));
      try (Chatters chatters = new Chatters(port, AT_ONCE, count, request)) {
        return chatters.await();
      }
    }

    void measure(int count) throws IOException {
      CpuTime start = CpuTime.of(pid, database.pid());
      latencies.add(window(count));
      ticks += CpuTime.of(pid, database.pid()).since(start).service();
      words += (long) count * AT_ONCE;
    }
  }

  private final FakeOpenAi openAi = new FakeOpenAi();
  private final Database database;
  private final IntFunction<String> token;
  private final BenchOptions options;
  private final Path home;
  private final Report report;

  /**
   * @param token a user's access token
   */
  Chats(
      Database database,
      IntFunction<String> token,
      BenchOptions options,
      Path home,
      Report report) {
    this.database = database;
    this.token = token;
    this.options = options;
    this.home = home;
    this.report = report;
  }

  void run(Starting starting) throws IOException, SQLException {
    try (Spends spends = new Spends(database, options, report)) {
      for (int user = 0; user < HELD; user++) {
        spends.grant(user, CREDITS);
      }
    }
    database.vacuum();
    Map<String, String> overrides =
        Map.of(
            "OPENAI_API_KEY",
            FakeOpenAi.KEY,
            "OPENAI_BASE_URL",
            openAi.baseUrl().toString(),
            "AI_TIMEOUT_SECONDS",
            "120",
            "RATE_LIMIT_AI",
            "1000000",
            // All clients have the same address.
            "MAX_CONNECTIONS_PER_ADDRESS",
            Integer.toString(2 * HELD));
    try (openAi;
        Service service = starting.start(overrides)) {
      added(service);
      held(service);
    }
  }

  private void added(Service service) throws IOException {
    List<Measured> all = new ArrayList<>();
    all.add(new Measured("ours", service.port(), service.pid(), this::chat));
    if (!Programs.isInstalled("node")) {
      report.print("Skipping the relay: node is not installed (apt-get install nodejs)");
      measure(all);
      return;
    }
    try (Relay relay = new Relay(openAi.baseUrl(), FakeOpenAi.KEY, home.resolve("relay.log"))) {
      all.add(new Measured("plain Node", relay.port(), relay.pid(), _ -> plain()));
      measure(all);
    }
  }

  private void measure(List<Measured> all) throws IOException {
    int words = options.quick() ? 60 : 160;
    for (Measured measured : all) {
      // For the JVM's compilers.
      for (int i = 0; i < (options.quick() ? 1 : 6); i++) {
        measured.window(words);
      }
    }
    for (int i = 0; i < options.windows(); i++) {
      for (Measured measured : all) {
        measured.measure(words);
      }
    }
    report.print("");
    report.print(
        "%d concurrent chats, about a word every %d ms each; delay from the model to the client:",
        AT_ONCE, PACE.toMillis());
    for (Measured measured : all) {
      report.print(
          "  %-12s p50 %6.2f ms  p99 %6.2f ms  %5.0f µs of CPU per word%s",
          measured.name,
          millis(measured.latencies, 0.5),
          millis(measured.latencies, 0.99),
          CpuTime.each(measured.ticks, measured.words),
          measured != all.getFirst()
              ? ""
              : "   p99, aim < 10 ms: "
                  + (millis(measured.latencies, 0.99) < 10 ? "met" : "MISSED"));
    }
    if (all.size() == 2) {
      report.print(
          "  ratio        p50 %6.2f     p99 %6.2f",
          millis(all.get(0).latencies, 0.5) / millis(all.get(1).latencies, 0.5),
          millis(all.get(0).latencies, 0.99) / millis(all.get(1).latencies, 0.99));
    }
  }

  /** Measures the heap after a full collection, idle and with all chats started. */
  private void held(Service service) throws IOException {
    long idle = service.heapBytes();
    long resident = service.residentMegabytes();
    openAi.script(OpenAiStep.clock(HELD_WORDS).slowly(HELD_PACE).times(HELD));
    try (Chatters chatters = new Chatters(service.port(), HELD, HELD_WORDS, this::chat)) {
      long begun = System.nanoTime();
      chatters.awaitWords(TIMEOUT);
      double seconds = (System.nanoTime() - begun) / 1e9;
      double more = (service.heapBytes() - idle) / 1024.0 / 1024;
      long held = service.residentMegabytes();
      chatters.checkListening();
      report.print(
          "%,d concurrent chats: %.0f MB of heap in addition to %.0f MB idle, target < 256 MB: %s;"
              + " %d MB resident, %d MB idle; all had started after %.1f s",
          HELD, more, idle / 1024.0 / 1024, more < 256 ? "met" : "MISSED", held, resident, seconds);
    }
  }

  private byte[] chat(int user) {
    return Chatters.chat(token.apply(user));
  }

  private static byte[] plain() {
    return Chatters.post("/", "");
  }

  private static double millis(Latencies latencies, double share) {
    return latencies.percentile(share).toNanos() / 1e6;
  }
}

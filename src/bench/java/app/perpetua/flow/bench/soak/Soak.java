package app.perpetua.flow.bench.soak;

import app.perpetua.flow.bench.load.Chatters;
import app.perpetua.flow.bench.load.OpenLoop;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.bench.voice.VoiceProvider;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * A usual load for a long time, and whether anything grows that should not: memory, threads,
 * descriptors, connections, dead rows. Confined to one thread.
 */
public final class Soak {
  /** Starts the service, with its jobs, with additional environment variables. */
  @FunctionalInterface
  public interface Starting {
    Service start(Map<String, String> overrides) throws IOException;
  }

  /** Requests per second, which one slow core serves. */
  private static final double RATE = 100;

  /** Of the first minute, in which the JVMs compile. */
  private static final double COLD_RATE = RATE / 4;

  private static final int CHATTING = 50;
  private static final int SPEAKING = 20;

  /** With the pace, a chat of a minute. */
  private static final int WORDS = 60;

  private static final Duration PACE = Duration.ofSeconds(1);

  /** Reminders that become due in each minute, each by a job. */
  private static final int REMINDERS = 60;

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final int LEAST_WARM_UP = 2;
  private static final Duration LAST_JOBS = Duration.ofMinutes(2);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
  private static final String SOCKET = "/api/v1/ws/voice/transcribe?token=";
  private static final Path DUMP = Path.of("target/bench/threads.txt");

  private final Database database;
  private final int minutes;
  private final Report print;
  private final SoakReport report;

  /**
   * @param minutes at least 4
   * @param report prints a line
   */
  public Soak(Database database, int minutes, Report report) {
    this.database = database;
    this.minutes = minutes;
    this.print = report;
    this.report = new SoakReport(report);
  }

  /**
   * Runs the load and prints a line for each minute, the tables and the verdict.
   *
   * @param requests for {@link OpenLoop#CONNECTIONS} connections
   * @param token a user's access token
   */
  public void run(Starting starting, Requests requests, IntFunction<String> token)
      throws IOException, SQLException, InterruptedException {
    // Resident memory grows with the heap until that has reached its limit.
    int warmUp = Math.max(LEAST_WARM_UP, minutes / 3);
    print.print("");
    print.print(
        "Soak of %d minutes, the first %d to warm up: %.0f requests/s, %d chats, %d voice sessions,"
            + " %d reminders a minute.",
        minutes, warmUp, RATE, CHATTING, SPEAKING, REMINDERS);
    try (Connection connection = database.connection();
        FakeOpenAi openAi = new FakeOpenAi();
        VoiceProvider provider = new VoiceProvider();
        Service service = starting.start(environment(openAi, provider));
        OpenLoop driver = new OpenLoop(service.port(), requests)) {
      makePro(connection);
      openAi.script(
          OpenAiStep.clock(WORDS).slowly(PACE).times(2 * CHATTING * (minutes + LEAST_WARM_UP)));
      Map<String, TableState> before = TableState.all(connection);
      report.header();
      List<Sample> samples = new ArrayList<>();
      // The JVMs compile; chats and sessions begin when the requests are served without delay.
      minute(samples, COLD_RATE, service, connection, driver);
      long[] heap = new long[2];
      int cold = 0;
      try (ChatRounds chats =
              new ChatRounds(
                  service.port(), CHATTING, WORDS, user -> Chatters.chat(token.apply(user)));
          VoiceRounds voices =
              new VoiceRounds(service.port(), SPEAKING, i -> SOCKET + token.apply(CHATTING + i))) {
        while (samples.size() < minutes) {
          minute(samples, RATE, service, connection, driver);
          if (samples.size() == warmUp) {
            cold = chats.refused() + voices.refused();
          }
          if (samples.size() == warmUp + 1) {
            heap[0] = service.heapBytes();
          }
        }
        heap[1] = service.heapBytes();
        voices.finish();
        chats.finish();
        report.tables(before, samples);
        report.growth(samples, warmUp);
        print.print(
            "  live heap after a full collection: %.1f MB, then %.1f MB",
            heap[0] / 1024.0 / 1024, heap[1] / 1024.0 / 1024);
        bills(connection, chats, voices, cold);
        jobs(connection);
      }
    }
  }

  private void minute(
      List<Sample> samples, double rate, Service service, Connection connection, OpenLoop driver)
      throws IOException, SQLException {
    remind(connection, samples.size() + 1);
    OpenLoop.Result load = driver.run(rate, MINUTE);
    Sample sample =
        new Sample(load, Footprint.of(service, connection, DUMP), TableState.all(connection));
    samples.add(sample);
    report.minute(samples.size(), sample);
  }

  private static Map<String, String> environment(FakeOpenAi openAi, VoiceProvider provider) {
    Map<String, String> environment = new HashMap<>();
    environment.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    environment.put("OPENAI_BASE_URL", openAi.baseUrl().toString());
    environment.put("AI_TIMEOUT_SECONDS", "120");
    environment.put("RATE_LIMIT_AI", "1000000");
    environment.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    environment.put("DEEPGRAM_BASE_URL", "http://127.0.0.1:" + provider.port());
    environment.put("PRO_DAILY_CREDITS", "100000");
    // All clients have the same address.
    environment.put(
        "MAX_CONNECTIONS_PER_ADDRESS",
        Integer.toString(2 * (OpenLoop.CONNECTIONS + CHATTING + SPEAKING)));
    return environment;
  }

  private static void makePro(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "update auth.users set tier = 'pro' where id between '%s' and '%s'"
              .formatted(Database.user(0), Database.user(CHATTING + SPEAKING - 1)));
    }
  }

  /** Creates reminders that become due one after the other within the next minute. */
  private static void remind(Connection connection, int minute) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          with reminder as (
            insert into tasks.reminders
              (id, user_id, task_id, type, scheduled_at, created_at, updated_at)
            select uuidv7(), t.user_id, t.id, 'absolute',
                   date_trunc('milliseconds', now()) + interval '1 second' * k, now(), now()
            from generate_series(1, %1$d) k
            join tasks.task_instances t
              on t.id = lpad((((%2$d * %1$d + k) %% %3$d + 1) * 100 + %2$d %% %4$d)::text, 32, '0')::uuid
            returning id, user_id, task_id, scheduled_at
          )
          insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
          select uuidv7(), user_id, 'reminder_fire', id, jsonb_build_object('task_id', task_id),
                 scheduled_at, now()
          from reminder
          """
              .formatted(REMINDERS, minute, Database.USERS, Database.TASKS_EACH));
      statement.execute("notify perpetua_flow_jobs");
    }
  }

  /**
   * @param cold chats and sessions that were refused while the service warmed up
   */
  private void bills(Connection connection, ChatRounds chats, VoiceRounds voices, int cold)
      throws SQLException {
    IOException broken = chats.failure();
    report.target(
        String.format(
            "%,d chats complete%s",
            chats.complete(), broken == null ? "" : ", one failed: " + broken),
        broken == null);
    report.target(
        String.format(
            "%d voice sessions ended by the limit, %d by their clients%s",
            voices.limited(),
            voices.finished(),
            voices.failures().isEmpty() ? "" : ", failed: " + voices.failures()),
        voices.failures().isEmpty());
    int refused = chats.refused() + voices.refused();
    report.target(
        String.format(
            "chats and sessions refused at first with 503: %d while it warmed up, %d afterwards",
            cold, refused - cold),
        refused == cold);
    Bills bills = Bills.of(connection, CHATTING, SPEAKING);
    report.target(
        String.format("chats: %,d credits spent", bills.chatSpent()),
        bills.chatSpent() == chats.complete());
    report.target(
        String.format(
            "voice: %d records, %d of them by the limit, %d wrong, %,d credits in them, %,d spent",
            bills.sessions(),
            bills.limited(),
            bills.wrong(),
            bills.sessionCredits(),
            bills.voiceSpent()),
        bills.wrong() == 0
            && bills.limited() == voices.limited()
            && bills.finished() == voices.finished()
            && bills.sessions() == bills.limited() + bills.finished()
            && bills.sessionCredits() == bills.voiceSpent());
  }

  /** Reminders have fired, and no job is dead. */
  private void jobs(Connection connection) throws SQLException {
    long begun = System.nanoTime();
    long open = number(connection, "select count(*) from tasks.reminders where not fired");
    while (open > 0 && System.nanoTime() - begun < LAST_JOBS.toNanos()) {
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
      open = number(connection, "select count(*) from tasks.reminders where not fired");
    }
    long dead = number(connection, "select count(*) from ops.job_queue where state = 'dead'");
    report.target(
        String.format(
            "%,d reminders, %d have not fired; %d dead jobs", minutes * REMINDERS, open, dead),
        open == 0 && dead == 0);
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}

package app.perpetua.flow.bench.scale;

import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The cost of requests beside years of data, as ratios to the cost of the same requests beside
 * little: one service beside 10,000 tasks, another beside a million, in which one user has 50,000
 * tasks and a million activity entries. Confined to one thread.
 */
public final class Scale {
  /** Starts the service on a database. */
  @FunctionalInterface
  public interface Starting {
    Service start(String databaseUrl) throws IOException;
  }

  private static final double BESIDE_MANY = 1.3;
  private static final Duration SILENCE = Duration.ofMinutes(2);

  /** A user with {@link ScaleData#TASKS_EACH} tasks and few activity entries, in both databases. */
  private static final int USUAL = 0;

  private static final String LIST = "/api/v1/tasks?limit=25";
  private static final String TASK =
      "/api/v1/tasks/" + Database.uuid(Database.taskNumber(USUAL, 0));
  private static final String ACTIVITY = "/api/v1/activity?limit=25";
  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration QUICK_WARM_UP = Duration.ofSeconds(3);

  private static final List<String> DATABASES = List.of("scale_few", "scale_many");

  private final Database database;
  private final boolean quick;
  private final Report report;

  /**
   * @param quick loads a twentieth of the data
   * @param report prints a line
   */
  public Scale(Database database, boolean quick, Report report) {
    this.database = database;
    this.quick = quick;
    this.report = report;
  }

  /**
   * Loads and measures.
   *
   * @param token the access token of a user, counted from 0
   */
  public void run(Starting starting, IntFunction<String> token) throws IOException, SQLException {
    report.print("");
    for (String name : DATABASES) {
      database.create(name);
    }
    try (Service few = starting.start(url(0));
        Service many = starting.start(url(1))) {
      int users = sized(20_000);
      Veterans veterans =
          new Veterans(users, users + 1, users + 2, sized(50_000), sized(1_000_000));
      load(0, users / 100, null);
      load(1, users, veterans);
      try (HttpConnection toFew = new HttpConnection(few.port(), SILENCE);
          HttpConnection toMany = new HttpConnection(many.port(), SILENCE)) {
        warmUp(toFew, toMany, token.apply(USUAL));
        beside(toFew, toMany, token.apply(USUAL), users);
        new Years(many, toMany, veterans, token, report).measure(USUAL);
      }
    } finally {
      for (String name : DATABASES) {
        database.drop(name);
      }
    }
  }

  private void load(int number, int users, @Nullable Veterans veterans) throws SQLException {
    try (Connection connection = database.connection(DATABASES.get(number))) {
      ScaleData data = new ScaleData(connection);
      progress(
          users * ScaleData.TASKS_EACH + " tasks of " + users + " users",
          () -> data.users(0, users));
      if (veterans != null) {
        progress(
            veterans.tasks() + " tasks of one user",
            () -> data.veteran(veterans.user(), veterans.tasks()));
        data.usersWithoutTasks(veterans.active(), 2);
        int others = users / 100;
        progress(
            "activity of " + ScaleData.DAYS + " days of " + others + " users",
            () -> {
              data.days();
              data.activity(USUAL, others, 20 * ScaleData.DAYS);
            });
        progress(
            "activity of " + veterans.entries() + " and " + veterans.tasks() + " entries",
            () -> {
              data.activity(veterans.user(), 1, veterans.entries());
              data.activity(veterans.active(), 1, veterans.tasks());
            });
      }
      progress("statistics", data::vacuum);
    }
  }

  @FunctionalInterface
  private interface Step {
    void run() throws SQLException;
  }

  private void progress(String what, Step step) throws SQLException {
    long begun = System.nanoTime();
    step.run();
    report.print("  loaded %s in %.0f s", what, (System.nanoTime() - begun) / 1e9);
  }

  /** Sends all kinds of requests for some time, for the JVM's compilers. */
  private void warmUp(HttpConnection few, HttpConnection many, String token) throws IOException {
    long end = System.nanoTime() + (quick ? QUICK_WARM_UP : WARM_UP).toNanos();
    while (System.nanoTime() < end) {
      for (String path : List.of(LIST, TASK, LIST + "&sort=due_date&q=what", ACTIVITY)) {
        few.get(path, token);
        many.get(path, token);
      }
    }
  }

  private void beside(HttpConnection few, HttpConnection many, String token, int users)
      throws IOException {
    report.print("");
    report.print(
        "The same user's requests beside %,d and %,d tasks; medians in ms, one request at a time:",
        users / 100 * ScaleData.TASKS_EACH, users * ScaleData.TASKS_EACH);
    for (String path : List.of(LIST, TASK)) {
      Timing[] timings =
          Timing.inTurn(() -> few.get(path, token).status(), () -> many.get(path, token).status());
      report.print(
          "  %-34s %10s %10s   ratio %5.2f, target ≤ %.1f: %s",
          path.equals(TASK) ? "get" : "default list",
          timings[0],
          timings[1],
          timings[1].millis() / timings[0].millis(),
          BESIDE_MANY,
          timings[1].isAtMost(BESIDE_MANY, timings[0]) ? "met" : "MISSED");
    }
  }

  private String url(int number) {
    return database.url(database.port(), DATABASES.get(number));
  }

  private int sized(int full) {
    return quick ? full / 20 : full;
  }
}

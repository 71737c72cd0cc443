package app.perpetua.flow.bench.scale;

import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The cost of requests in databases of 10,000, 100,000 and a million tasks with ten times as many
 * activity entries, of another user each time, and what rows and writes take on disk. Confined to
 * one thread.
 */
public final class Curves {
  private static final int[] USERS = {200, 2_000, 20_000};

  /** Over {@link ScaleData#DAYS} days. */
  private static final int ENTRIES_EACH = 500;

  private static final int QUICK = 20;

  /** Users who send requests, spread over all. */
  private static final int SENDING = 400;

  private static final int LOGGED = 300;
  private static final Duration SILENCE = Duration.ofMinutes(2);
  private static final Duration WARM_UP = Duration.ofSeconds(30);
  private static final Duration QUICK_WARM_UP = Duration.ofSeconds(3);

  /** A kind of request. */
  private enum Kind {
    LIST("default list", "tasks?limit=25"),
    OPEN("open tasks by due date", "tasks?limit=25&completed=false&sort=due_date"),
    SEARCH("search for a word in a thirtieth", "tasks?limit=25&q=letter"),
    GET("get", ""),
    ACTIVITY("activity, first page", "activity?limit=25"),
    DEEP_ACTIVITY("activity, offset 400", "activity?limit=25&offset=400"),
    PATCH("PATCH a title", ""),
    CREATE("POST a task", "");

    private final String title;
    private final String path;

    Kind(String title, String path) {
      this.title = title;
      this.path = "/api/v1/" + path;
    }
  }

  private final class Size implements AutoCloseable {
    private final String name;
    private final int users;
    private final Service service;
    private @Nullable HttpConnection http;
    private final SplittableRandom random = new SplittableRandom(3);
    private final List<Integer> sending = new ArrayList<>();
    private final Map<Integer, String> bearers = new HashMap<>();

    /** Of changed tasks, by number. */
    private final Map<Long, Integer> versions = new HashMap<>();

    private int next;

    Size(String name, int users, Scale.Starting starting) throws IOException, SQLException {
      this.name = name;
      this.users = users;
      database.create(name);
      service = starting.start(database.url(database.port(), name));
      for (int i = 0; i < SENDING; i++) {
        sending.add(random.nextInt(users));
      }
    }

    /** Connects after all loading, because the service closes idle connections. */
    void connect() throws IOException {
      http = new HttpConnection(service.port(), SILENCE);
      for (int user : sending) {
        bearers.put(user, token.apply(user));
      }
    }

    int tasks() {
      return users * ScaleData.TASKS_EACH;
    }

    int entries() {
      return users * ENTRIES_EACH;
    }

    void load() throws SQLException {
      try (Connection connection = database.connection(name)) {
        ScaleData data = new ScaleData(connection);
        long begun = System.nanoTime();
        data.users(0, users);
        data.days();
        data.muchActivity(users, ENTRIES_EACH);
        data.vacuum();
        report.print(
            "  loaded %,d tasks and %,d activity entries of %,d users in %.0f s",
            tasks(), entries(), users, (System.nanoTime() - begun) / 1e9);
      }
    }

    /**
     * Sends a request of the next user.
     *
     * @throws IOException if it does not succeed
     */
    int send(Kind kind) throws IOException {
      int user = sending.get(next++ % SENDING);
      long task = Database.taskNumber(user, random.nextInt(ScaleData.TASKS_EACH));
      int version = versions.getOrDefault(task, 1);
      String bearer = Objects.requireNonNull(bearers.get(user));
      String path = "/api/v1/tasks/" + Database.uuid(task);
      HttpConnection to = Objects.requireNonNull(http);
      int status =
          switch (kind) {
            case GET -> to.get(path, bearer).status();
            case PATCH ->
                to.write("PATCH", path, bearer, "{\"version\":" + version + "," + title() + "}");
            case CREATE -> to.write("POST", "/api/v1/tasks", bearer, "{" + title() + "}");
            default -> to.get(kind.path, bearer).status();
          };
      if (status != (kind == Kind.CREATE ? 201 : 200)) {
        throw new IOException(kind.title + " was answered with " + status);
      }
      if (kind == Kind.PATCH) {
        versions.put(task, version + 1);
      }
      return 200;
    }

    private String title() {
      return "\"title\":\"Call number " + random.nextInt() + "\"";
    }

    /** Bytes of write-ahead log for each of some writes. */
    long logged(Kind kind) throws IOException, SQLException {
      try (Connection connection = database.connection(name)) {
        long before = number(connection, "select pg_current_wal_lsn() - '0/0'::pg_lsn");
        for (int i = 0; i < LOGGED; i++) {
          send(kind);
        }
        return (number(connection, "select pg_current_wal_lsn() - '0/0'::pg_lsn") - before)
            / LOGGED;
      }
    }

    long connections() throws SQLException {
      try (Connection connection = database.connection(name)) {
        return number(
            connection,
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and backend_type = 'client backend'
              and pid <> pg_backend_pid()
            """);
      }
    }

    @Override
    public void close() throws IOException {
      if (http != null) {
        http.close();
      }
      service.close();
    }
  }

  private final Database database;
  private final boolean quick;
  private final Report report;
  private IntFunction<String> token = _ -> "";

  /**
   * @param quick loads a twentieth of the data
   * @param report prints a line
   */
  public Curves(Database database, boolean quick, Report report) {
    this.database = database;
    this.quick = quick;
    this.report = report;
  }

  /**
   * Loads and measures.
   *
   * @param tokens the access token of a user, counted from 0
   */
  public void run(Scale.Starting starting, IntFunction<String> tokens)
      throws IOException, SQLException {
    token = tokens;
    List<Size> sizes = new ArrayList<>();
    report.print("");
    try {
      for (int i = 0; i < USERS.length; i++) {
        sizes.add(new Size("curve_" + i, quick ? USERS[i] / QUICK : USERS[i], starting));
      }
      held("idle", sizes);
      for (Size size : sizes) {
        size.load();
      }
      for (Size size : sizes) {
        size.connect();
      }
      warmUp(sizes);
      times(sizes);
      logged(sizes);
      held("after one request at a time", sizes);
      tables(sizes.getLast());
    } finally {
      for (Size size : sizes) {
        size.close();
        database.drop(size.name);
      }
    }
  }

  private void warmUp(List<Size> sizes) throws IOException {
    long end = System.nanoTime() + (quick ? QUICK_WARM_UP : WARM_UP).toNanos();
    while (System.nanoTime() - end < 0) {
      for (Kind kind : Kind.values()) {
        for (Size size : sizes) {
          size.send(kind);
        }
      }
    }
  }

  private void times(List<Size> sizes) throws IOException {
    report.print("");
    report.print("Medians in ms, one request at a time in turn, of another user each time:");
    report.print(
        "  %-34s %s",
        "tasks; activity entries",
        sizes.stream()
            .map(
                size ->
                    String.format(
                        Locale.ROOT, "%23s", "%,d; %,d".formatted(size.tasks(), size.entries())))
            .collect(Collectors.joining()));
    for (Kind kind : Kind.values()) {
      Timing.Request[] requests =
          sizes.stream()
              .<Timing.Request>map(size -> () -> size.send(kind))
              .toArray(Timing.Request[]::new);
      Timing[] timings = Timing.inTurn(requests);
      StringBuilder line = new StringBuilder();
      for (Timing timing : timings) {
        line.append(
            String.format(
                Locale.ROOT, "%14s (%5.2f)", timing, timing.millis() / timings[0].millis()));
      }
      report.print("  %-34s %s", kind.title, line);
    }
  }

  private void logged(List<Size> sizes) throws IOException, SQLException {
    report.print("");
    report.print("Write-ahead log, bytes a request:");
    for (Kind kind : List.of(Kind.PATCH, Kind.CREATE)) {
      StringBuilder line = new StringBuilder();
      for (Size size : sizes) {
        line.append(String.format(Locale.ROOT, "%,23d", size.logged(kind)));
      }
      report.print("  %-34s %s", kind.title, line);
    }
    try (Connection connection = database.connection(sizes.getFirst().name);
        Statement statement = connection.createStatement()) {
      statement.execute("checkpoint");
    }
    report.print("After a checkpoint, when the first change of a page logs the whole page:");
    for (Kind kind : List.of(Kind.PATCH, Kind.CREATE)) {
      StringBuilder line = new StringBuilder();
      for (Size size : sizes) {
        line.append(String.format(Locale.ROOT, "%,23d", size.logged(kind)));
      }
      report.print("  %-34s %s", kind.title, line);
    }
  }

  private void held(String when, List<Size> sizes) throws IOException, SQLException {
    for (Size size : sizes) {
      report.print(
          "  a process, %s: %d MB resident, %d connections to PostgreSQL",
          when, size.service.residentMegabytes(), size.connections());
    }
  }

  private void tables(Size size) throws SQLException {
    report.print("");
    report.print("%-30s %12s %10s %14s %14s", "table", "rows", "MB", "bytes a row", "with indexes");
    try (Connection connection = database.connection(size.name);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select parent, sum(live) as live, sum(heap) as heap, sum(total) as total
                from (
                  select coalesce(i.inhparent, s.relid)::regclass::text as parent,
                         s.n_live_tup as live, pg_table_size(s.relid) as heap,
                         pg_total_relation_size(s.relid) as total
                  from pg_stat_user_tables s
                  left join pg_inherits i on i.inhrelid = s.relid
                ) t
                group by parent
                having sum(live) > 100
                order by sum(total) desc
                """)) {
      while (row.next()) {
        double live = row.getLong("live");
        report.print(
            "%-30s %,12d %10.1f %14.0f %14.0f",
            row.getString("parent"),
            row.getLong("live"),
            row.getLong("total") / 1024.0 / 1024,
            row.getLong("heap") / live,
            row.getLong("total") / live);
      }
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}

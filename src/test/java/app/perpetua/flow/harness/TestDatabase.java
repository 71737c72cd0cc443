package app.perpetua.flow.harness;

import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.PreferQueryMode;

/**
 * A migrated PostgreSQL database for one test class:
 *
 * <pre>{@code
 * @RegisterExtension static final TestDatabase database = new TestDatabase();
 * }</pre>
 *
 * It exists from before the first test to after the last; tests of one class share it, each with
 * new users. The server behind it starts once per JVM and serves all classes. Thread-safe.
 */
public final class TestDatabase implements BeforeAllCallback, AfterAllCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(TestDatabase.class);

  /** Instead of a size: the pool of the {@link #textConnection}. */
  private static final int TEXT = 0;

  private @Nullable PostgresServer server;
  private @Nullable DatabaseUrl url;
  private final Map<Integer, HikariDataSource> pools = new HashMap<>();
  private final AtomicInteger subjects = new AtomicInteger();

  /** Connections that no query is using: a new one costs more than most queries. */
  private final Deque<Connection> idle = new ConcurrentLinkedDeque<>();

  @Override
  public void beforeAll(ExtensionContext context) {
    // Surefire runs each class by itself: in the root's store, the server would serve one class.
    start(
        context
            .getStore(ExtensionContext.StoreScope.LAUNCHER_SESSION, NAMESPACE)
            .computeIfAbsent(
                PostgresServer.class, _ -> PostgresServer.start(), PostgresServer.class));
  }

  @Override
  public void afterAll(ExtensionContext context) {
    stop();
  }

  /** Creates the database; for programs without JUnit. */
  public void start(PostgresServer onServer) {
    server = onServer;
    url = onServer.createDatabase();
  }

  /** Drops the database. */
  public void stop() {
    synchronized (pools) {
      pools.values().forEach(HikariDataSource::close);
      pools.clear();
    }
    for (Connection unused = idle.poll(); unused != null; unused = idle.poll()) {
      close(unused);
    }
    server().dropDatabase(url());
  }

  PostgresServer server() {
    return Objects.requireNonNull(server, "only between beforeAll and afterAll");
  }

  /** Its URL and credentials. */
  public DatabaseUrl url() {
    return Objects.requireNonNull(url, "only between beforeAll and afterAll");
  }

  /** The service's configuration for it, without a pooler. */
  public DatabaseConfig config() {
    return new DatabaseConfig(url(), url(), 4);
  }

  /** A data source without a pool; the caller closes each connection. */
  public PGSimpleDataSource dataSource() {
    return PostgresServer.source(url());
  }

  /** The pool of this size, which the tests of the class share. */
  public HikariDataSource pool(int size) {
    synchronized (pools) {
      return pools.computeIfAbsent(size, _ -> newPool(size, dataSource()));
    }
  }

  /**
   * A connection that sends queries as text, so that parameters need no values. The tests of the
   * class share it, one after the other; the settings of the one before are reset.
   */
  public Connection textConnection() throws SQLException {
    HikariDataSource pool;
    synchronized (pools) {
      pool =
          pools.computeIfAbsent(
              TEXT,
              _ -> {
                PGSimpleDataSource source = dataSource();
                source.setPreferQueryMode(PreferQueryMode.SIMPLE);
                return newPool(1, source);
              });
    }
    Connection connection = pool.getConnection();
    try (Statement statement = connection.createStatement()) {
      statement.execute("discard all");
    }
    return connection;
  }

  private static HikariDataSource newPool(int size, DataSource source) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(source);
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    return new HikariDataSource(config);
  }

  /**
   * Creates the activity log's partitions of an instant's day and the next. Few, because every
   * partition makes each connection's next statements slower.
   */
  public void makeDays(Instant around) {
    LocalDate today = LocalDate.ofInstant(around, ZoneOffset.UTC);
    row("select activity.make_day(?), activity.make_day(?)", today, today.plusDays(1));
  }

  /**
   * A Google subject that no user of this database has. Other databases have the same ones, so that
   * their ID tokens can be reused.
   */
  String newSubject() {
    return "google-subject-" + subjects.incrementAndGet();
  }

  /** Builder of a new user with valid defaults. */
  public NewUser newUser() {
    return new NewUser(this);
  }

  /**
   * All rows, columns in the query's order. Instants come as {@link Instant}.
   *
   * @param sql with {@code ?} for each argument
   */
  public List<Map<String, @Nullable Object>> rows(String sql, @Nullable Object... arguments) {
    return with(
        sql,
        arguments,
        statement -> {
          List<Map<String, @Nullable Object>> rows = new ArrayList<>();
          try (ResultSet result = statement.executeQuery()) {
            ResultSetMetaData columns = result.getMetaData();
            while (result.next()) {
              Map<String, @Nullable Object> row = new LinkedHashMap<>();
              for (int i = 1; i <= columns.getColumnCount(); i++) {
                row.put(columns.getColumnLabel(i), value(result, columns, i));
              }
              rows.add(row);
            }
          }
          return rows;
        });
  }

  /**
   * The only row.
   *
   * @throws AssertionError if there is not exactly one
   */
  public Map<String, @Nullable Object> row(String sql, @Nullable Object... arguments) {
    List<Map<String, @Nullable Object>> rows = rows(sql, arguments);
    if (rows.size() != 1) {
      throw new AssertionError("expected one row, got " + rows + " from " + sql);
    }
    return rows.getFirst();
  }

  /** The number that a query such as {@code select count(*)} returns. */
  public long number(String sql, @Nullable Object... arguments) {
    Object value = row(sql, arguments).values().iterator().next();
    return ((Number) Objects.requireNonNull(value)).longValue();
  }

  /** Executes a statement, commits, and returns the number of changed rows. */
  public int run(String sql, @Nullable Object... arguments) {
    return with(sql, arguments, PreparedStatement::executeUpdate);
  }

  /** Enqueues a job that is due, as if an earlier one had an effect and did not end. */
  public void enqueue(@Nullable UUID userId, String kind, String key, String payload) {
    run(
        """
        insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
        values (gen_random_uuid(), ?, ?, ?, ?::jsonb, ?, ?)
        """,
        userId,
        kind,
        key,
        payload,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  @FunctionalInterface
  private interface Use<T> {
    T apply(PreparedStatement statement) throws SQLException;
  }

  private <T> T with(String sql, @Nullable Object[] arguments, Use<T> use) {
    Connection connection = idle.poll();
    try {
      if (connection == null) {
        PGSimpleDataSource source = dataSource();
        // Planning all invariants takes 50 ms, and statements are often repeated by each test.
        source.setPrepareThreshold(1);
        connection = source.getConnection();
      }
      T result = with(connection, sql, arguments, use);
      idle.push(connection);
      return result;
    } catch (SQLException e) {
      if (connection != null) {
        close(connection);
      }
      throw new IllegalStateException(sql, e);
    }
  }

  private static <T> T with(
      Connection connection, String sql, @Nullable Object[] arguments, Use<T> use)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        statement.setObject(
            i + 1,
            switch (arguments[i]) {
              case Instant instant -> instant.atOffset(ZoneOffset.UTC);
              case UUID[] ids -> connection.createArrayOf("uuid", ids);
              case null -> null;
              case Object other -> other;
            });
      }
      return use.apply(statement);
    }
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static @Nullable Object value(ResultSet result, ResultSetMetaData columns, int i)
      throws SQLException {
    return switch (columns.getColumnTypeName(i)) {
      case "timestamptz" -> {
        OffsetDateTime time = result.getObject(i, OffsetDateTime.class);
        yield time == null ? null : time.toInstant();
      }
      case "json", "jsonb" -> result.getString(i);
      default -> result.getObject(i);
    };
  }
}

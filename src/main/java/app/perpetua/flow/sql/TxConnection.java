package app.perpetua.flow.sql;

import app.perpetua.flow.sql.connection.ServerLimits;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends a transaction's statements: opening queries together with the first read, deferred
 * statements together with the commit (docs/decisions/round-trips.md). Shared by the views of one
 * transaction, and confined to its thread.
 */
final class TxConnection {
  /**
   * One execution.
   *
   * @param values by the index of the parameter
   */
  record Call(SqlCatalog.Statement statement, @Nullable Object[] values) {}

  private record Opening<T>(Call call, Function<Row, T> mapper, Consumer<Optional<T>> receiver) {
    void receive(ResultSet result) throws SQLException {
      Row row = new Row(result);
      receiver.accept(row.next() ? Optional.of(mapper.apply(row)) : Optional.empty());
    }
  }

  private final Connection connection;
  private final ServerLimits limits;
  private final Scripts scripts;
  private final Deadline deadline;
  private final List<Call> deferred = new ArrayList<>();
  private final List<Opening<?>> openings = new ArrayList<>();
  private boolean started;

  TxConnection(Connection connection, ServerLimits limits, Scripts scripts, Deadline deadline) {
    this.connection = connection;
    this.limits = limits;
    this.scripts = scripts;
    this.deadline = deadline;
  }

  /**
   * Opens the transaction with a query that returns at most one row. All of them leave together
   * with the next other statement if that is a plain read, otherwise before it.
   *
   * @param receiver called before that statement's rows are read; what it throws, that statement
   *     throws
   */
  <T> void open(Call call, Function<Row, T> mapper, Consumer<Optional<T>> receiver) {
    openings.add(new Opening<>(call, mapper, receiver));
  }

  /** Sends the opening queries by themselves unless they have been sent. */
  void sendOpening() {
    if (!openings.isEmpty()) {
      List<Call> calls = new ArrayList<>();
      List<Reader> readers = new ArrayList<>();
      takeOpenings(calls, readers);
      execute(calls, readers);
    }
  }

  private void takeOpenings(List<Call> calls, List<Reader> readers) {
    for (Opening<?> opening : openings) {
      calls.add(opening.call());
      readers.add(opening::receive);
    }
    openings.clear();
  }

  <T> List<T> query(Call call, Function<Row, T> mapper) {
    if (!call.statement().plainRead()) {
      sendOpening();
    }
    List<T> rows = new ArrayList<>();
    Reader reader =
        result -> {
          Row row = new Row(result);
          while (row.next()) {
            rows.add(mapper.apply(row));
          }
        };
    List<Call> calls = new ArrayList<>();
    List<Reader> readers = new ArrayList<>();
    takeOpenings(calls, readers);
    calls.add(call);
    readers.add(reader);
    execute(calls, readers);
    return rows;
  }

  int update(Call call) {
    sendOpening();
    long start = System.nanoTime();
    String prefix = limitsPrefix();
    try (PreparedStatement prepared = prepare(prefix, call.statement().driverSql())) {
      bind(prepared, 0, call);
      if (prefix.isEmpty()) {
        return prepared.executeUpdate();
      }
      prepared.execute();
      prepared.getMoreResults();
      return prepared.getUpdateCount();
    } catch (SQLException e) {
      throw DatabaseException.of(e, call.statement().name(), since(start));
    }
  }

  void defer(Call call) {
    deferred.add(call);
  }

  /** Sends the deferred statements without committing. */
  void flush() {
    sendOpening();
    if (deferred.isEmpty()) {
      return;
    }
    List<Call> sent = List.copyOf(deferred);
    deferred.clear();
    long start = System.nanoTime();
    try (PreparedStatement prepared = prepare(limitsPrefix(), scripts.joined(sent))) {
      bind(prepared, sent);
      prepared.execute();
    } catch (SQLException e) {
      throw DatabaseException.of(e, Scripts.names(sent), since(start));
    }
  }

  /** Commits, together with the deferred statements. */
  void commit() {
    sendOpening();
    long start = System.nanoTime();
    try {
      if (!started && deferred.size() == 1) {
        commitAlone(deferred.getFirst());
        return;
      }
      if (!deferred.isEmpty()) {
        try (PreparedStatement prepared = prepare(limitsPrefix(), scripts.committing(deferred))) {
          bind(prepared, deferred);
          prepared.execute();
        }
      }
      // After the pipeline the server has committed, but the driver and the pool do not know it.
      deadline.apply(connection);
      connection.commit();
    } catch (SQLException e) {
      throw DatabaseException.ofCommit(e, since(start));
    }
  }

  /** A transaction of one statement needs no {@code begin} and {@code commit}. */
  private void commitAlone(Call call) throws SQLException {
    connection.setAutoCommit(true);
    try (PreparedStatement prepared = prepare(limitsPrefix(), call.statement().driverSql())) {
      bind(prepared, 0, call);
      prepared.execute();
    }
  }

  @FunctionalInterface
  private interface Reader {
    void read(ResultSet result) throws SQLException;
  }

  /** Sends queries as one message and reads their results in order. */
  private void execute(List<Call> calls, List<Reader> readers) {
    long start = System.nanoTime();
    String prefix = limitsPrefix();
    try (PreparedStatement prepared = prepare(prefix, scripts.joined(calls))) {
      bind(prepared, calls);
      prepared.execute();
      if (!prefix.isEmpty()) {
        prepared.getMoreResults();
      }
      for (Reader reader : readers) {
        try (ResultSet result = prepared.getResultSet()) {
          reader.read(result);
        }
        prepared.getMoreResults();
      }
    } catch (SQLException e) {
      throw DatabaseException.of(e, Scripts.names(calls), since(start));
    }
  }

  /** What precedes the next statement: in autocommit, every statement is a transaction. */
  private String limitsPrefix() {
    try {
      boolean isFirst = !started || connection.getAutoCommit();
      started = true;
      return isFirst ? limits.prefix() : "";
    } catch (SQLException e) {
      throw DatabaseException.of(e, "connect", Duration.ZERO);
    }
  }

  /** Without a prefix, the text itself, whose hash is known and with which caches find it. */
  private PreparedStatement prepare(String prefix, String sql) throws SQLException {
    deadline.apply(connection);
    return connection.prepareStatement(prefix.isEmpty() ? sql : prefix + sql);
  }

  private static void bind(PreparedStatement prepared, List<Call> calls) throws SQLException {
    int bound = 0;
    for (Call call : calls) {
      bound = bind(prepared, bound, call);
    }
  }

  /** Binds the parameters after the first {@code bound} ones; returns how many are bound then. */
  private static int bind(PreparedStatement prepared, int bound, Call call) throws SQLException {
    int place = bound;
    for (int parameter : call.statement().places()) {
      place++;
      prepared.setObject(place, call.values()[parameter]);
    }
    return place;
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}

package app.perpetua.flow.sql;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The unit of work: who acts, when, and the statements that commit together or not at all. {@code
 * now} is one instant for the whole of it. Confined to one thread; opened by {@link Db} alone.
 */
public final class Tx {
  private static final System.Logger LOG = System.getLogger(Tx.class.getName());

  private record Deferred(SqlCatalog.Statement statement, Map<String, @Nullable Object> values) {}

  private record MemoKey(Class<?> type, @Nullable UUID userId) {}

  private final Connection connection;
  private final SqlCatalog catalog;
  private final Actor actor;
  private final Instant now;
  private final Deadline deadline;
  private final List<Deferred> deferred;
  private final Map<MemoKey, Object> memo;
  private final OptionalSteps parts;
  private final List<Runnable> afterwards;
  private @Nullable LockedUser owner;

  Tx(
      Connection connection,
      SqlCatalog catalog,
      Actor actor,
      Instant now,
      Deadline deadline,
      OptionalSteps parts,
      boolean system) {
    this(
        connection,
        catalog,
        actor,
        now,
        deadline,
        parts,
        new ArrayList<>(),
        new HashMap<>(),
        new ArrayList<>());
    if (system != (actor.userId() == null)) {
      throw new IllegalArgumentException("a system transaction has no user, any other has one");
    }
  }

  private Tx(
      Connection connection,
      SqlCatalog catalog,
      Actor actor,
      Instant now,
      Deadline deadline,
      OptionalSteps parts,
      List<Deferred> deferred,
      Map<MemoKey, Object> memo,
      List<Runnable> afterwards) {
    this.connection = connection;
    this.catalog = catalog;
    this.actor = actor;
    this.now = now;
    this.deadline = deadline;
    this.parts = parts;
    this.deferred = deferred;
    this.memo = memo;
    this.afterwards = afterwards;
  }

  /** On whose behalf. */
  public Actor actor() {
    return actor;
  }

  /**
   * The acting user's id.
   *
   * @throws IllegalStateException in a system transaction
   */
  public UUID userId() {
    UUID userId = actor.userId();
    if (userId == null) {
      throw new IllegalStateException("this transaction acts for no user");
    }
    return userId;
  }

  /** The one instant of this transaction, in whole milliseconds. */
  public Instant now() {
    return now;
  }

  /** The same transaction, acting for this user: how jobs enter an account. */
  public Tx actingFor(UUID userId) {
    return actingFor(userId, actor.source());
  }

  /** The same transaction, acting for this user, who decided or not: how sign-in enters one. */
  public Tx actingFor(UUID userId, Actor.Source source) {
    Actor acting = new Actor(userId, source, actor.requestId());
    return new Tx(connection, catalog, acting, now, deadline, parts, deferred, memo, afterwards);
  }

  /**
   * Locks the acting user's row and remembers it. First statement of every write.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public LockedUser lockOwner() {
    LockedUser locked =
        sql("owner.lock")
            .one(LockedUser::of)
            .orElseThrow(() -> Refusal.of(ErrorCode.UNAUTHORIZED, "sign in again"));
    owner = locked;
    return locked;
  }

  /** Remembers the owner that another opening statement has locked. */
  public void opened(LockedUser locked) {
    owner = locked;
  }

  /**
   * The acting user's locked row.
   *
   * @throws IllegalStateException if it was not locked
   */
  public LockedUser owner() {
    if (owner == null) {
      throw new IllegalStateException("the owner's row is not locked");
    }
    return owner;
  }

  /**
   * Returns the acting user's value of this type from the transaction's memo, and computes it on
   * the first call. Use it for state that several steps of a transaction update and its response
   * shows: statements deferred to the commit cannot be read back. Every attempt of a transaction
   * starts with an empty memo, so the memo never contains what was rolled back.
   *
   * @param type the key; a class that only one feature uses
   */
  public <T> T memoized(Class<T> type, Supplier<T> compute) {
    return type.cast(memo.computeIfAbsent(new MemoKey(type, actor.userId()), _ -> compute.get()));
  }

  /** Returns the acting user's value of this type if this attempt has computed it. */
  public <T> Optional<T> memoized(Class<T> type) {
    return Optional.ofNullable(memo.get(new MemoKey(type, actor.userId()))).map(type::cast);
  }

  /**
   * Runs a part that the transaction can do without. If it throws, or if what it left for the
   * commit may be why that failed, everything is rolled back and the whole transaction is run again
   * without the parts of that name; on the good path this costs nothing. A database that is away or
   * asks for the transaction to be repeated is no failure of the part's.
   *
   * @param name the same in every run
   * @param work a refusal is a failure like any other here
   * @param failed told of the failure, once, after a run without the part has committed
   * @return false if this run goes without it
   */
  public boolean optional(String name, Runnable work, Consumer<RuntimeException> failed) {
    return parts.run(name, work, failed);
  }

  /**
   * Leaves something to be told once this run has committed, such as a counter that must not count
   * what was rolled back. Never told if the run is rolled back, or run again (the next run leaves
   * its own), or if nobody knows whether it committed: so what is counted here is too little at
   * times, never too much. No place for effects, which a process that dies just then would owe.
   *
   * @param told quick; what it throws is logged, for the change stands
   */
  public void afterCommit(Runnable told) {
    afterwards.add(told);
  }

  /**
   * A call of the named statement.
   *
   * @throws IllegalArgumentException if there is none
   * @throws IllegalStateException if it is the system's and this transaction is a user's
   */
  public Query sql(String name) {
    SqlCatalog.Statement statement = catalog.get(name);
    if (statement.system() && actor.userId() != null) {
      throw new IllegalStateException(name + " belongs to the system");
    }
    return new Query(this, statement);
  }

  /**
   * The refusal for a row that the acting user does not have: {@code UNAUTHORIZED} if the account
   * was deleted, {@code FORBIDDEN} if another user has the row, {@code NOT_FOUND} if nobody has.
   *
   * @param statement takes {@code :id}; yields whether the {@code account} exists, and whether the
   *     row exists {@code elsewhere}
   * @param noun names the row in the message
   */
  public Refusal missing(String statement, String noun, UUID id) {
    return sql(statement)
        .bind("id", id)
        .one(
            row ->
                !row.bool("account")
                    ? Refusal.accountDeleted()
                    : row.bool("elsewhere")
                        ? Refusal.of(
                                ErrorCode.FORBIDDEN, "the " + noun + " belongs to somebody else")
                            .with("resource_id", id)
                        : Refusal.of(ErrorCode.NOT_FOUND, "there is no such " + noun))
        .orElseThrow();
  }

  <T> List<T> query(
      SqlCatalog.Statement statement,
      Map<String, @Nullable Object> values,
      Function<Row, T> mapper) {
    long start = System.nanoTime();
    try (PreparedStatement prepared = prepare(statement.driverSql())) {
      bind(prepared, 0, statement, values);
      try (ResultSet result = prepared.executeQuery()) {
        List<T> rows = new ArrayList<>();
        Row row = new Row(result);
        while (result.next()) {
          rows.add(mapper.apply(row));
        }
        return rows;
      }
    } catch (SQLException e) {
      throw DatabaseException.of(e, statement.name(), since(start));
    }
  }

  int update(SqlCatalog.Statement statement, Map<String, @Nullable Object> values) {
    long start = System.nanoTime();
    try (PreparedStatement prepared = prepare(statement.driverSql())) {
      bind(prepared, 0, statement, values);
      return prepared.executeUpdate();
    } catch (SQLException e) {
      throw DatabaseException.of(e, statement.name(), since(start));
    }
  }

  void defer(SqlCatalog.Statement statement, Map<String, @Nullable Object> values) {
    deferred.add(new Deferred(statement, values));
    parts.deferred();
  }

  /**
   * Commits. What was left for the commit goes out with it as one pipelined message, so that a
   * write's bookkeeping costs no round trip (docs/decisions/round-trips.md).
   */
  void commit() {
    long start = System.nanoTime();
    try {
      if (!deferred.isEmpty()) {
        pipeline();
      }
      // After the pipeline the server has left the transaction: this tells the driver and the pool.
      deadline.apply(connection);
      connection.commit();
    } catch (SQLException e) {
      throw DatabaseException.ofCommit(e, since(start));
    }
  }

  /** Tells what waited for the commit, which has happened. */
  void committed() {
    for (Runnable told : afterwards) {
      try {
        told.run();
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "after a commit", e);
      }
    }
  }

  private void pipeline() throws SQLException {
    StringBuilder script = new StringBuilder();
    deferred.forEach(call -> script.append(call.statement().driverSql()).append(";\n"));
    try (PreparedStatement prepared = prepare(script.append("commit").toString())) {
      int bound = 0;
      for (Deferred call : deferred) {
        bound = bind(prepared, bound, call.statement(), call.values());
      }
      prepared.execute();
    }
  }

  private PreparedStatement prepare(String sql) throws SQLException {
    deadline.apply(connection);
    return connection.prepareStatement(sql);
  }

  /** Binds a statement's parameters behind those that are bound already; the number bound now. */
  private static int bind(
      PreparedStatement prepared,
      int bound,
      SqlCatalog.Statement statement,
      Map<String, @Nullable Object> values)
      throws SQLException {
    int place = bound;
    for (String name : statement.places()) {
      place++;
      prepared.setObject(place, values.get(name));
    }
    return place;
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}

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
 * A transaction: the actor, the time, and the statements that commit together or not at all.
 * Confined to one thread; created by {@link Db} only.
 */
public final class Tx {
  private static final System.Logger LOG = System.getLogger(Tx.class.getName());

  private record Deferred(SqlCatalog.Statement statement, Map<String, @Nullable Object> values) {}

  private record MemoKey(Class<?> type, @Nullable UUID userId) {}

  private final Connection connection;
  private final ServerLimits limits;
  private final SqlCatalog catalog;
  private final Actor actor;
  private final Instant now;
  private final Deadline deadline;
  private final OptionalSteps optionalSteps;
  private final List<Deferred> deferred;
  private final Map<MemoKey, Object> memo;
  private final List<Runnable> afterCommit;
  private @Nullable LockedUser owner;
  private boolean limited;

  Tx(
      Connection connection,
      ServerLimits limits,
      SqlCatalog catalog,
      Actor actor,
      Instant now,
      Deadline deadline,
      OptionalSteps optionalSteps) {
    this.connection = connection;
    this.limits = limits;
    this.catalog = catalog;
    this.actor = actor;
    this.now = now;
    this.deadline = deadline;
    this.optionalSteps = optionalSteps;
    this.deferred = new ArrayList<>();
    this.memo = new HashMap<>();
    this.afterCommit = new ArrayList<>();
  }

  private Tx(Tx other, Actor actor) {
    this.connection = other.connection;
    this.limits = other.limits;
    this.limited = other.limited;
    this.catalog = other.catalog;
    this.actor = actor;
    this.now = other.now;
    this.deadline = other.deadline;
    this.optionalSteps = other.optionalSteps;
    this.deferred = other.deferred;
    this.memo = other.memo;
    this.afterCommit = other.afterCommit;
  }

  public Actor actor() {
    return actor;
  }

  /**
   * Returns the acting user's id.
   *
   * @throws IllegalStateException in a system transaction
   */
  public UUID userId() {
    UUID userId = actor.userId();
    if (userId == null) {
      throw new IllegalStateException("this transaction has no user");
    }
    return userId;
  }

  /** The time of the whole transaction, in whole milliseconds. */
  public Instant now() {
    return now;
  }

  /** The same transaction, acting for this user; for jobs. */
  public Tx actingFor(UUID userId) {
    return actingFor(userId, actor.source());
  }

  /** The same transaction, acting for this user. */
  public Tx actingFor(UUID userId, Actor.Source source) {
    return new Tx(this, new Actor(userId, source, actor.requestId()));
  }

  /**
   * Locks the acting user's row and sets it as {@link #owner}. The first statement of every write.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  public LockedUser lockOwner() {
    LockedUser locked = sql("owner.lock").one(LockedUser::of).orElseThrow(Refusal::accountDeleted);
    owner = locked;
    return locked;
  }

  /** Sets the owner that another statement has locked or updated. */
  public void setOwner(LockedUser locked) {
    owner = locked;
  }

  /**
   * Returns the acting user's locked row.
   *
   * @throws IllegalStateException if it is not locked
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
   * Runs a step that the transaction can do without. If it throws, or if a statement that it
   * deferred may be why the commit failed, the transaction is rolled back and runs again without
   * the steps of that name. Without a failure this costs nothing. An unavailable database and
   * serialization failures do not count as failures of the step.
   *
   * @param name the same in every attempt
   * @param onFailure called once, after an attempt without the step has committed
   * @return false if this attempt skips the step
   */
  public boolean optional(String name, Runnable work, Consumer<RuntimeException> onFailure) {
    return optionalSteps.run(name, work, onFailure);
  }

  /**
   * Runs an action after the commit of this attempt, such as incrementing a metric. It does not run
   * if the commit fails or its result is unknown, or if the process dies just then, so it must not
   * have effects that are needed.
   *
   * @param action quick; exceptions are logged
   */
  public void afterCommit(Runnable action) {
    afterCommit.add(action);
  }

  /**
   * Prepares an execution of the named statement.
   *
   * @throws IllegalArgumentException if there is no such statement
   * @throws IllegalStateException if only system transactions may run it and this is none
   */
  public Query sql(String name) {
    SqlCatalog.Statement statement = catalog.get(name);
    if (statement.system() && actor.userId() != null) {
      throw new IllegalStateException(name + " is only for system transactions");
    }
    return new Query(this, statement);
  }

  /**
   * Returns the refusal for a row that the acting user does not have: {@code UNAUTHORIZED} if the
   * account was deleted, {@code FORBIDDEN} if another user has the row, otherwise {@code
   * NOT_FOUND}.
   *
   * @param statement takes {@code :id}; returns whether the {@code account} exists, and whether the
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
                                ErrorCode.FORBIDDEN, "the " + noun + " belongs to another user")
                            .with("resource_id", id)
                        : Refusal.of(ErrorCode.NOT_FOUND, "no such " + noun))
        .orElseThrow();
  }

  <T> List<T> query(
      SqlCatalog.Statement statement,
      Map<String, @Nullable Object> values,
      Function<Row, T> mapper) {
    long start = System.nanoTime();
    String prefix = limitsPrefix();
    try (PreparedStatement prepared = prepare(prefix, statement)) {
      bind(prepared, 0, statement, values);
      try (ResultSet result = executeQuery(prepared, !prefix.isEmpty())) {
        List<T> rows = new ArrayList<>();
        Row row = new Row(result);
        while (row.next()) {
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
    String prefix = limitsPrefix();
    try (PreparedStatement prepared = prepare(prefix, statement)) {
      bind(prepared, 0, statement, values);
      if (prefix.isEmpty()) {
        return prepared.executeUpdate();
      }
      prepared.execute();
      prepared.getMoreResults();
      return prepared.getUpdateCount();
    } catch (SQLException e) {
      throw DatabaseException.of(e, statement.name(), since(start));
    }
  }

  void defer(SqlCatalog.Statement statement, Map<String, @Nullable Object> values) {
    deferred.add(new Deferred(statement, values));
    optionalSteps.statementDeferred();
  }

  /**
   * Commits. Deferred statements are sent with the commit as one pipelined message, in one round
   * trip (docs/decisions/round-trips.md).
   */
  void commit() {
    long start = System.nanoTime();
    try {
      if (!deferred.isEmpty()) {
        pipeline();
      }
      // After the pipeline the server has committed, but the driver and the pool do not know it.
      deadline.apply(connection);
      connection.commit();
    } catch (SQLException e) {
      throw DatabaseException.ofCommit(e, since(start));
    }
  }

  void runAfterCommit() {
    for (Runnable action : afterCommit) {
      try {
        action.run();
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "action after the commit failed", e);
      }
    }
  }

  private void pipeline() throws SQLException {
    StringBuilder script = new StringBuilder(limitsPrefix());
    deferred.forEach(call -> script.append(call.statement().driverSql()).append(";\n"));
    try (PreparedStatement prepared = prepare(script.append("commit").toString())) {
      int bound = 0;
      for (Deferred call : deferred) {
        bound = bind(prepared, bound, call.statement(), call.values());
      }
      prepared.execute();
    }
  }

  /** What precedes the next statement: in autocommit, every statement is a transaction. */
  private String limitsPrefix() {
    try {
      boolean isFirst = !limited || connection.getAutoCommit();
      limited = true;
      return isFirst ? limits.prefix() : "";
    } catch (SQLException e) {
      throw DatabaseException.of(e, "connect", Duration.ZERO);
    }
  }

  private static ResultSet executeQuery(PreparedStatement prepared, boolean prefixed)
      throws SQLException {
    if (!prefixed) {
      return prepared.executeQuery();
    }
    prepared.execute();
    prepared.getMoreResults();
    return prepared.getResultSet();
  }

  /** Without a prefix, the statement's own string: its hash is known, with which caches find it. */
  private PreparedStatement prepare(String prefix, SqlCatalog.Statement statement)
      throws SQLException {
    return prepare(prefix.isEmpty() ? statement.driverSql() : prefix + statement.driverSql());
  }

  private PreparedStatement prepare(String sql) throws SQLException {
    deadline.apply(connection);
    return connection.prepareStatement(sql);
  }

  /** Binds the parameters after the first {@code bound} ones; returns how many are bound then. */
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

package app.perpetua.flow.sql;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
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

  private record MemoKey(Class<?> type, @Nullable UUID userId) {}

  private final TxConnection connection;
  private final SqlCatalog catalog;
  private final Actor actor;
  private final Instant now;
  private final OptionalSteps optionalSteps;
  private final Map<MemoKey, Object> memo;
  private final List<Runnable> afterCommit;
  private @Nullable LockedUser owner;

  Tx(
      TxConnection connection,
      SqlCatalog catalog,
      Actor actor,
      Instant now,
      OptionalSteps optionalSteps) {
    this.connection = connection;
    this.catalog = catalog;
    this.actor = actor;
    this.now = now;
    this.optionalSteps = optionalSteps;
    this.memo = new HashMap<>();
    this.afterCommit = new ArrayList<>();
  }

  private Tx(Tx other, Actor actor) {
    this.connection = other.connection;
    this.catalog = other.catalog;
    this.actor = actor;
    this.now = other.now;
    this.optionalSteps = other.optionalSteps;
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
    return new Tx(this, new Actor(userId, source, actor.requestId(), actor.token()));
  }

  /**
   * Locks the acting user's row and sets it as {@link #owner}. The first statement of every write;
   * it also begins a change, whose rows undo can restore.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  public LockedUser lockOwner() {
    LockedUser locked = sql("owner.lock").one(LockedUser::of).orElseThrow(Refusal::accountDeleted);
    owner = locked;
    return locked;
  }

  /**
   * As {@link #lockOwner}, but sends the lock together with the first read; see {@link Query#open}.
   */
  public void openWithOwner() {
    sql("owner.lock")
        .open(LockedUser::of, locked -> owner = locked.orElseThrow(Refusal::accountDeleted));
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
    connection.sendOpening();
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
    // A failure of the opening query is not one of the step.
    connection.sendOpening();
    return optionalSteps.run(name, work, onFailure);
  }

  /**
   * Sends the statements that were deferred to the commit, so that what follows reads their effect.
   * Empties the memo, and requires the owner to be locked again, because both may be out of date.
   * For transactions that consist of several requests; a single one computes what it needs.
   */
  public void flush() {
    try {
      connection.flush();
    } catch (RuntimeException e) {
      throw optionalSteps.deferredFailed(e);
    }
    optionalSteps.deferredSent();
    memo.clear();
    owner = null;
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

  <T> void open(TxConnection.Call call, Function<Row, T> mapper, Consumer<Optional<T>> receiver) {
    connection.open(call, mapper, receiver);
  }

  <T> List<T> query(TxConnection.Call call, Function<Row, T> mapper) {
    return connection.query(call, mapper);
  }

  int update(TxConnection.Call call) {
    return connection.update(call);
  }

  void defer(TxConnection.Call call) {
    connection.defer(call);
    optionalSteps.statementDeferred();
  }

  /** Sends the opening query unless it has been sent. */
  void sendOpening() {
    connection.sendOpening();
  }

  void commit() {
    connection.commit();
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
}

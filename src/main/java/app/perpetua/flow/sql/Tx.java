package app.perpetua.flow.sql;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/**
 * The unit of work: who acts, when, and the statements that commit together or not at all. {@code
 * now} is one instant for the whole of it. Confined to one thread; opened by {@link Db} alone.
 */
public final class Tx {
  private record Deferred(SqlCatalog.Statement statement, Map<String, @Nullable Object> values) {}

  private final Handle handle;
  private final SqlCatalog catalog;
  private final Actor actor;
  private final Instant now;
  private final Deadline deadline;
  private final List<Deferred> deferred;
  private final Parts parts;
  private @Nullable Owner owner;

  Tx(
      Handle handle,
      SqlCatalog catalog,
      Actor actor,
      Instant now,
      Deadline deadline,
      Parts parts,
      boolean system) {
    this(handle, catalog, actor, now, deadline, parts, new ArrayList<>());
    if (system != (actor.userId() == null)) {
      throw new IllegalArgumentException("a system transaction has no user, any other has one");
    }
  }

  private Tx(
      Handle handle,
      SqlCatalog catalog,
      Actor actor,
      Instant now,
      Deadline deadline,
      Parts parts,
      List<Deferred> deferred) {
    this.handle = handle;
    this.catalog = catalog;
    this.actor = actor;
    this.now = now;
    this.deadline = deadline;
    this.parts = parts;
    this.deferred = deferred;
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
    return new Tx(handle, catalog, acting, now, deadline, parts, deferred);
  }

  /**
   * Locks the acting user's row and remembers it. First statement of every write.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Owner lockOwner() {
    Owner locked =
        sql("owner.lock")
            .one(Owner::of)
            .orElseThrow(() -> Refusal.of(Code.UNAUTHORIZED, "sign in again"));
    owner = locked;
    return locked;
  }

  /** Remembers the owner that another opening statement has locked. */
  public void opened(Owner locked) {
    owner = locked;
  }

  /**
   * The acting user's locked row.
   *
   * @throws IllegalStateException if it was not locked
   */
  public Owner owner() {
    if (owner == null) {
      throw new IllegalStateException("the owner's row is not locked");
    }
    return owner;
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
  public boolean part(String name, Runnable work, Consumer<RuntimeException> failed) {
    return parts.run(name, work, failed);
  }

  /**
   * A call of the named statement.
   *
   * @throws IllegalArgumentException if there is none
   * @throws IllegalStateException if it is the system's and this transaction is a user's
   */
  public Call sql(String name) {
    SqlCatalog.Statement statement = catalog.get(name);
    if (statement.system() && actor.userId() != null) {
      throw new IllegalStateException(name + " belongs to the system");
    }
    return new Call(this, statement);
  }

  <T> List<T> query(
      SqlCatalog.Statement statement,
      Map<String, @Nullable Object> values,
      Function<Row, T> mapper) {
    return guarded(
        statement.name(),
        () ->
            bound(handle.createQuery(statement.sql()), values)
                .map((result, _) -> mapper.apply(new Row(result)))
                .list());
  }

  int update(SqlCatalog.Statement statement, Map<String, @Nullable Object> values) {
    return guarded(
        statement.name(), () -> bound(handle.createUpdate(statement.sql()), values).execute());
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
    try {
      if (deferred.isEmpty()) {
        deadline.apply(handle.getConnection());
        handle.getConnection().commit();
      } else {
        pipeline();
      }
    } catch (SQLException e) {
      throw DatabaseException.ofCommit(e);
    } catch (JdbiException e) {
      throw e.getCause() instanceof SQLException sql ? DatabaseException.ofCommit(sql) : e;
    }
  }

  private void pipeline() throws SQLException {
    StringBuilder script = new StringBuilder();
    Map<String, @Nullable Object> values = new HashMap<>();
    for (int i = 0; i < deferred.size(); i++) {
      Deferred call = deferred.get(i);
      String prefix = SqlCatalog.prefix(i);
      script.append(catalog.at(call.statement(), i)).append(";\n");
      call.values().forEach((name, value) -> values.put(prefix + name, value));
    }
    deadline.apply(handle.getConnection());
    bound(handle.createUpdate(script.append("commit").toString()), values).execute();
    // The driver has seen the server leave the transaction; this only tells it and the pool so.
    Connection connection = handle.getConnection();
    connection.commit();
  }

  private <T> T guarded(String doing, java.util.function.Supplier<T> statement) {
    try {
      deadline.apply(handle.getConnection());
      return statement.get();
    } catch (SQLException e) {
      throw DatabaseException.of(e, doing);
    } catch (JdbiException e) {
      throw e.getCause() instanceof SQLException sql ? DatabaseException.of(sql, doing) : e;
    }
  }

  private static <S extends SqlStatement<S>> S bound(
      S statement, Map<String, @Nullable Object> values) {
    values.forEach((name, value) -> statement.bindByType(name, value, Object.class));
    return statement;
  }
}

package app.perpetua.flow.sql;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a named statement: bind its parameters, then call one of the methods that
 * execute it. {@code :user_id} and {@code :now} are bound already. Used once, by one thread.
 */
public final class Query {
  private final Tx tx;
  private final SqlCatalog.Statement statement;
  private final @Nullable Object[] values;

  Query(Tx tx, SqlCatalog.Statement statement) {
    this.tx = tx;
    this.statement = statement;
    this.values = new @Nullable Object[statement.indexes().size()];
    Integer userId = statement.indexes().get("user_id");
    if (userId != null) {
      values[userId] = tx.userId();
    }
    Integer now = statement.indexes().get("now");
    if (now != null) {
      values[now] = jdbc(tx.now());
    }
  }

  /**
   * Binds a parameter: text, number, boolean, UUID, instant, bytes, an enum with wire names, an
   * array of strings, a collection of UUIDs, or null (the statement then casts it).
   *
   * @throws IllegalArgumentException if the statement has no such parameter
   */
  public Query bind(String name, @Nullable Object value) {
    Integer index = statement.indexes().get(name);
    if (index == null) {
      throw new IllegalArgumentException(statement.name() + " has no parameter " + name);
    }
    values[index] = jdbc(value);
    return this;
  }

  /**
   * Returns the only row, or empty if there is none.
   *
   * @throws IllegalStateException if there are several
   */
  public <T> Optional<T> one(Function<Row, T> mapper) {
    List<T> rows = list(mapper);
    if (rows.size() > 1) {
      throw new IllegalStateException(statement.name() + " returned " + rows.size() + " rows");
    }
    return rows.stream().findFirst();
  }

  public <T> List<T> list(Function<Row, T> mapper) {
    return tx.query(call(), mapper);
  }

  /**
   * Returns the rows of a left join from the account's row to rows with an {@code id}.
   *
   * @param one maps the columns that are the same in every row
   * @param many maps a joined row
   * @throws Refusal {@code UNAUTHORIZED} if there is no row because the account was deleted
   */
  public <A, B> OneToMany<A, B> oneToMany(Function<Row, A> one, Function<Row, B> many) {
    record Joined<A, B>(A one, Optional<B> item) {}
    List<Joined<A, B>> rows =
        list(
            row ->
                new Joined<>(
                    one.apply(row),
                    row.isNull("id") ? Optional.empty() : Optional.of(many.apply(row))));
    if (rows.isEmpty()) {
      throw Refusal.accountDeleted();
    }
    return new OneToMany<>(
        rows.getFirst().one(), rows.stream().flatMap(row -> row.item().stream()).toList());
  }

  /**
   * Returns a page of a list without cursors. The statement takes {@code :offset} and {@code
   * :limit} and returns {@code total} in every row, with a null {@code id} in the only row of an
   * empty page.
   *
   * @throws Refusal {@code UNAUTHORIZED} if there is no row because the account was deleted
   */
  public <T> Page<T> page(PageRequest.ByOffset request, Function<Row, T> mapper) {
    return pageWith(request, _ -> true, mapper).page();
  }

  /**
   * Returns a page of a list with cursors. The statement also takes {@code :after_key} and {@code
   * :after_id}, of which it returns the following rows, and {@code :counted}; it returns {@code
   * total} if that is true, and otherwise the sort key of each row as text in {@code sort_key}.
   *
   * @param first precedes every row; bound unless the request continues after a row, so that a
   *     statement needs no case without a position and its plan has the same index condition
   * @throws Refusal {@code UNAUTHORIZED} if there is no row because the account was deleted
   */
  public <T> Page<T> page(
      PageRequest request, PageRequest.Position first, Function<Row, T> mapper) {
    return pageWith(request, first, _ -> true, mapper).page();
  }

  /** As {@link #page(PageRequest.ByOffset, Function)}, with further columns of every row. */
  public <A, T> PageWith<A, T> pageWith(
      PageRequest.ByOffset request, Function<Row, A> beside, Function<Row, T> mapper) {
    record Columns<A>(int total, A beside) {}
    OneToMany<Columns<A>, T> found =
        bind("offset", request.offset())
            .bind("limit", request.limit())
            .oneToMany(row -> new Columns<>(row.integer("total"), beside.apply(row)), mapper);
    return new PageWith<>(
        new Page.ByOffset<>(request, found.many(), found.one().total()), found.one().beside());
  }

  /**
   * As {@link #page(PageRequest, PageRequest.Position, Function)}, with further columns of every
   * row.
   */
  public <A, T> PageWith<A, T> pageWith(
      PageRequest request,
      PageRequest.Position first,
      Function<Row, A> beside,
      Function<Row, T> mapper) {
    return switch (request) {
      case PageRequest.ByOffset byOffset ->
          after(first).bind("counted", true).pageWith(byOffset, beside, mapper);
      case PageRequest.ByCursor byCursor -> {
        record Placed<T>(T item, PageRequest.Position position) {}
        OneToMany<A, Placed<T>> found =
            after(byCursor.after() == null ? first : byCursor.after())
                .bind("counted", false)
                .bind("offset", 0)
                // One more than the page shows whether items follow.
                .bind("limit", byCursor.limit() + 1)
                .oneToMany(
                    beside,
                    row ->
                        new Placed<>(
                            mapper.apply(row),
                            new PageRequest.Position(row.text("sort_key"), row.uuid("id"))));
        List<Placed<T>> placed =
            found.many().subList(0, Math.min(byCursor.limit(), found.many().size()));
        yield new PageWith<>(
            new Page.ByCursor<>(
                byCursor.limit(),
                placed.stream().map(Placed::item).toList(),
                placed.size() == found.many().size()
                    ? null
                    : byCursor.cursors().apply(placed.getLast().position())),
            found.one());
      }
    };
  }

  private Query after(PageRequest.Position position) {
    return this.bind("after_key", position.key()).bind("after_id", position.id());
  }

  /** Returns the number of rows changed. */
  public int run() {
    return tx.update(call());
  }

  /** Defers the statement to the commit; it adds no round trip, and its rows are ignored. */
  public void atCommit() {
    tx.defer(call());
  }

  /**
   * Opens the transaction with this query, which returns at most one row: it leaves as one message
   * with other opening queries, in order, and the first read, or before the first other statement,
   * before {@link Tx#owner}, an optional step, a refusal or the commit, whichever is first. In READ
   * COMMITTED the read has a snapshot of its own, taken after this query, and so sees what a lock
   * waited for.
   *
   * @param receiver gets the row; what it throws ends the transaction
   */
  public <T> void open(Function<Row, T> mapper, Consumer<Optional<T>> receiver) {
    tx.open(call(), mapper, receiver);
  }

  private TxConnection.Call call() {
    return new TxConnection.Call(statement, values);
  }

  private static @Nullable Object jdbc(@Nullable Object value) {
    return switch (value) {
      case Instant instant -> instant.atOffset(ZoneOffset.UTC);
      case WireName constant -> constant.wireName();
      case Collection<?> ids -> ids.toArray(UUID[]::new);
      case null, default -> value;
    };
  }
}

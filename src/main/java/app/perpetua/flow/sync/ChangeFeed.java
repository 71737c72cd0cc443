package app.perpetua.flow.sync;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the change feed for event streams. Thread-safe. */
final class ChangeFeed {
  /** Changes that one read of a user returns, at most. */
  static final int PAGE = 100;

  /** Changes of all users that one poll looks through, at most; a second of a busy database. */
  static final int WINDOW = 10_000;

  /** Greater than every number. */
  private static final long AFTER_ALL = Long.MAX_VALUE;

  /**
   * Where a stream begins.
   *
   * @param position the client has all changes up to this number
   * @param reset whether the client may have missed changes that are not available any more
   * @param first the changes that follow
   */
  record Start(long position, boolean reset, List<RecordedChange> first) {
    /** The number of the last of these changes. */
    long last() {
      return first.isEmpty() ? position : first.getLast().seq();
    }
  }

  /**
   * How far the feed is.
   *
   * @param newestOfAll the greatest visible number
   * @param oldestTransaction every transaction with a lower id has ended
   * @param nextTransaction every transaction that has drawn a number up to {@code newestOfAll} has
   *     a lower id
   * @param newest the greatest number above the floor, by user
   * @param complete false if there are more changes above the floor than were looked through
   */
  record Recent(
      long newestOfAll,
      long oldestTransaction,
      long nextTransaction,
      Map<UUID, Long> newest,
      boolean complete) {}

  /**
   * A change of a user.
   *
   * @param ageMillis since it was recorded, by the database's clock
   */
  record UserChange(UUID userId, RecordedChange change, long ageMillis) {
    static UserChange of(Row row) {
      return new UserChange(row.uuid("user_id"), RecordedChange.of(row), row.bigint("age_ms"));
    }
  }

  private record Feed(long newest, long drawn, long oldestKept) {
    static Feed of(Row row) {
      long drawn = row.bigint("drawn");
      return new Feed(
          row.bigint("newest"),
          drawn,
          row.isNull("oldest_kept") ? drawn + 1 : row.bigint("oldest_kept"));
    }
  }

  private record Newest(UUID userId, long seq) {
    static Newest of(Row row) {
      return new Newest(row.uuid("id"), row.bigint("newest"));
    }
  }

  private final Db db;

  ChangeFeed(Db db) {
    this.db = db;
  }

  /**
   * Reads where the acting user's stream begins.
   *
   * @param lastEventId the number of the last event that the client received; null for none
   * @throws Refusal {@code VALIDATION_ERROR} if there is no such number yet; {@code UNAUTHORIZED}
   *     if the account was deleted
   */
  static Start start(Tx tx, @Nullable Long lastEventId) {
    OneToMany<Feed, RecordedChange> found =
        events(tx, lastEventId == null ? AFTER_ALL : lastEventId);
    Feed feed = found.one();
    if (lastEventId == null) {
      return new Start(feed.newest, false, List.of());
    }
    if (lastEventId > feed.drawn) {
      throw Refusal.invalid(
          "Last-Event-ID",
          "is ahead of the service's data; read everything with GET /sync, and omit it");
    }
    return lastEventId < feed.oldestKept - 1
        ? new Start(feed.newest, true, List.of())
        : new Start(lastEventId, false, found.many());
  }

  /**
   * The changes of a user after a number, the first {@link #PAGE}.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   * @throws DatabaseException if the statement or the connection fails
   */
  List<RecordedChange> after(UUID userId, long seq) {
    return db.read(Actor.user(userId, null), tx -> events(tx, seq).many());
  }

  private static OneToMany<Feed, RecordedChange> events(Tx tx, long after) {
    return tx.sql("sync.find_events")
        .bind("after", after)
        .bind("limit", PAGE)
        .oneToMany(Feed::of, RecordedChange::of);
  }

  /**
   * Looks for users with changes above a number.
   *
   * @param floor null to learn only how far the feed is
   * @throws DatabaseException if the statement or the connection fails
   */
  Recent recent(@Nullable Long floor) {
    record Progress(long newest, long oldest, long next, long count) {}
    OneToMany<Progress, Newest> found =
        db.statement(
            tx ->
                tx.sql("sync.find_recent_changes")
                    .bind("floor", floor == null ? AFTER_ALL : floor)
                    .bind("limit", WINDOW)
                    .oneToMany(
                        row ->
                            new Progress(
                                row.bigint("newest_of_all"),
                                row.bigint("oldest_transaction"),
                                row.bigint("next_transaction"),
                                row.bigint("recent_changes")),
                        Newest::of));
    Progress progress = found.one();
    return new Recent(
        progress.newest,
        progress.oldest,
        progress.next,
        found.many().stream().collect(Collectors.toMap(Newest::userId, Newest::seq)),
        floor != null && progress.count < WINDOW);
  }

  /**
   * Reads the changes of users, of each the first {@link #PAGE} after a number, in their order.
   *
   * @throws DatabaseException if the statement or the connection fails
   */
  List<UserChange> after(Map<UUID, Long> positions) {
    List<UUID> users = List.copyOf(positions.keySet());
    Long[] numbers = users.stream().map(positions::get).toArray(Long[]::new);
    return db.statement(
        tx ->
            tx.sql("sync.find_changes_of_users")
                .bind("users", users)
                .bind("positions", numbers)
                .bind("limit", PAGE)
                .list(UserChange::of));
  }

  /**
   * Returns those of the users whose accounts exist.
   *
   * @throws DatabaseException if the statement or the connection fails
   */
  Set<UUID> existing(Collection<UUID> users) {
    return new HashSet<>(
        db.statement(
            tx -> tx.sql("sync.find_accounts").bind("users", users).list(row -> row.uuid("id"))));
  }
}

package app.perpetua.flow.sync;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterException;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.filters.Selection;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the changes of the acting user's data since a token, or all data as a snapshot (FR-142,
 * FR-143). Thread-safe.
 *
 * <p>A snapshot is read in pages, each with the state of its time. It is followed by the changes
 * since it began, so that a copy that has read everything is consistent
 * (docs/decisions/change-feed.md).
 */
final class Sync {
  /** How long changes are available. */
  static final Duration RETENTION = Duration.ofDays(30);

  /** Tokens are refused before the changes that they need are deleted. */
  private static final Duration DELETED_AFTER = RETENTION.plusDays(1);

  /**
   * A changed entity in its present state.
   *
   * @param version null if it was deleted, or if entities of its type have no version
   * @param data null if it was deleted
   */
  record Change(
      String type, UUID id, boolean deleted, @Nullable Integer version, @Nullable Object data) {
    static Change of(String type, SyncedType.Entity entity) {
      return new Change(type, entity.id(), false, entity.version(), entity.data());
    }

    static Change deleted(String type, UUID id) {
      return new Change(type, id, true, null, null);
    }
  }

  /**
   * What a client reads.
   *
   * @param types names of them
   * @param filter that tasks must match when they are read; null for all tasks
   * @param limit of entities or recorded changes, at least 1
   */
  record Wanted(Set<String> types, @Nullable Filter filter, int limit) {}

  /**
   * A part of the changes or of a snapshot.
   *
   * @param unmatched changed tasks that do not match the filter, which a copy must not have
   * @param next goes on after this part
   * @param full whether it is a part of a snapshot
   */
  record Part(
      List<Change> changes, List<UUID> unmatched, SyncToken next, boolean hasMore, boolean full) {}

  /**
   * As {@link Wanted}.
   *
   * @param tasks null for all
   */
  private record Reading(Set<String> types, @Nullable Selection tasks, int limit) {}

  private record Key(String type, UUID id) {}

  /**
   * How far the feed is.
   *
   * @param newest the number of the user's newest change; 0 without any
   * @param drawn no change has a greater number
   */
  private record Feed(long newest, long drawn, Instant readAt) {
    static Feed of(Row row) {
      return new Feed(row.bigint("newest"), row.bigint("drawn"), row.instant("read_at"));
    }
  }

  private record Recorded(long seq, Key key) {
    static Recorded of(Row row) {
      return new Recorded(row.bigint("seq"), new Key(row.text("entity_type"), row.uuid("id")));
    }
  }

  private static final String TASK = "task";

  private final List<SyncedType> types;
  private final FilteredTasks filtered;

  /**
   * @param types in the order of a snapshot
   */
  Sync(List<SyncedType> types, FilteredTasks filtered) {
    this.types = types;
    this.filtered = filtered;
  }

  /** The names of all types. */
  Set<String> typeNames() {
    return types.stream().map(SyncedType::name).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Returns what follows a token. Begins a snapshot without a token, and with one that is older
   * than {@link #RETENTION}.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if changes that follow a snapshot are not available
   *     any more, if the token is ahead of the database, or if the filter has an unknown name or is
   *     too complex; {@code UNAUTHORIZED} if the account was deleted
   */
  Part read(Tx tx, @Nullable SyncToken token, Wanted wanted) {
    Reading reading = new Reading(wanted.types, selection(tx, wanted.filter), wanted.limit);
    return switch (token) {
      case null -> begin(tx, reading);
      case SyncToken.Snapshot snapshot -> {
        check(snapshot, feed(tx));
        yield snapshot(tx, snapshot, reading);
      }
      case SyncToken.Position position -> changes(tx, position, reading);
    };
  }

  private @Nullable Selection selection(Tx tx, @Nullable Filter filter) {
    try {
      return filter == null ? null : filtered.select(tx, filter, true);
    } catch (FilterException e) {
      throw e.refusal("filter");
    }
  }

  /** The present position; what follows it are the changes from now on. */
  SyncToken position(Tx tx) {
    Feed feed = feed(tx);
    return new SyncToken.Position(feed.newest, feed.readAt, false);
  }

  /**
   * Checks that {@link #read} accepts a token.
   *
   * @throws Refusal as it
   */
  void check(Tx tx, SyncToken token) {
    check(token, feed(tx));
  }

  private static Feed feed(Tx tx) {
    return tx.sql("sync.find_feed").one(Feed::of).orElseThrow(Refusal::accountDeleted);
  }

  private static void check(SyncToken token, Feed feed) {
    if (token.seq() > feed.drawn) {
      throw refused("is ahead of the service's data; begin again without a token");
    }
    boolean canBeginAgain = token instanceof SyncToken.Position(_, _, boolean fresh) && !fresh;
    if (!canBeginAgain && isExpired(token, feed)) {
      throw refused("has expired before the snapshot was complete; begin again without a token");
    }
  }

  private static boolean isExpired(SyncToken token, Feed feed) {
    return token.since().isBefore(feed.readAt.minus(RETENTION));
  }

  private static Refusal refused(String why) {
    return Refusal.invalid("token", why);
  }

  private Part begin(Tx tx, Reading reading) {
    Feed feed = feed(tx);
    SyncToken.Snapshot start =
        new SyncToken.Snapshot(feed.newest, feed.readAt, types.getFirst().name(), SyncToken.FIRST);
    return snapshot(tx, start, reading);
  }

  private Part snapshot(Tx tx, SyncToken.Snapshot token, Reading reading) {
    List<Change> read = new ArrayList<>();
    UUID after = token.after();
    for (SyncedType type : from(token.type())) {
      int room = reading.limit - read.size();
      if (room == 0) {
        return new Part(
            read,
            List.of(),
            new SyncToken.Snapshot(token.seq(), token.since(), type.name(), after),
            true,
            true);
      }
      if (reading.types.contains(type.name())) {
        List<SyncedType.Entity> entities = type.after().read(tx, after, room);
        Predicate<UUID> matches =
            matches(tx, reading, type, entities.stream().map(SyncedType.Entity::id).toList());
        entities.stream()
            .filter(entity -> matches.test(entity.id()))
            .forEach(entity -> read.add(Change.of(type.name(), entity)));
        if (entities.size() == room) {
          return new Part(
              read,
              List.of(),
              new SyncToken.Snapshot(
                  token.seq(), token.since(), type.name(), entities.getLast().id()),
              true,
              true);
        }
      }
      after = SyncToken.FIRST;
    }
    boolean changedMeanwhile = feed(tx).newest > token.seq();
    return new Part(
        read,
        List.of(),
        new SyncToken.Position(token.seq(), token.since(), true),
        changedMeanwhile,
        true);
  }

  /** Which of these entities, all of one type, the client reads. */
  private Predicate<UUID> matches(
      Tx tx, Reading reading, SyncedType type, Collection<UUID> entities) {
    return reading.tasks == null || entities.isEmpty() || !type.name().equals(TASK)
        ? _ -> true
        : filtered.matching(tx, reading.tasks, entities)::contains;
  }

  private List<SyncedType> from(String name) {
    return types.stream().dropWhile(type -> !type.name().equals(name)).toList();
  }

  private Part changes(Tx tx, SyncToken.Position token, Reading reading) {
    // One more than the part shows whether changes follow.
    OneToMany<Feed, Recorded> found =
        tx.sql("sync.find_changes")
            .bind("after", token.seq())
            .bind("limit", reading.limit + 1)
            .oneToMany(Feed::of, Recorded::of);
    Feed feed = found.one();
    check(token, feed);
    if (isExpired(token, feed)) {
      return begin(tx, reading);
    }
    boolean hasMore = found.many().size() > reading.limit;
    List<Recorded> recorded = hasMore ? found.many().subList(0, reading.limit) : found.many();
    long read = hasMore ? recorded.getLast().seq : Math.max(feed.newest, token.seq());
    List<UUID> unmatched = new ArrayList<>();
    return new Part(
        present(tx, newestOfEach(recorded, reading.types), reading, unmatched),
        unmatched,
        new SyncToken.Position(read, hasMore ? token.since() : feed.readAt, false),
        hasMore,
        false);
  }

  /** The changed entities, in the order of the newest change of each. */
  private static Set<Key> newestOfEach(List<Recorded> recorded, Set<String> selected) {
    Set<Key> keys = new LinkedHashSet<>();
    for (Recorded change : recorded) {
      if (selected.contains(change.key.type)) {
        keys.remove(change.key);
        keys.add(change.key);
      }
    }
    return keys;
  }

  private List<Change> present(Tx tx, Set<Key> keys, Reading reading, List<UUID> unmatched) {
    Map<String, Set<UUID>> ids = new LinkedHashMap<>();
    keys.forEach(key -> ids.computeIfAbsent(key.type, _ -> new HashSet<>()).add(key.id));
    Map<Key, Change> present = new HashMap<>();
    Set<Key> hidden = new HashSet<>();
    for (SyncedType type : types) {
      Set<UUID> changed = ids.get(type.name());
      if (changed != null) {
        List<SyncedType.Entity> entities = type.byIds().read(tx, changed);
        Predicate<UUID> matches =
            matches(tx, reading, type, entities.stream().map(SyncedType.Entity::id).toList());
        for (SyncedType.Entity entity : entities) {
          Key key = new Key(type.name(), entity.id());
          if (matches.test(entity.id())) {
            present.put(key, Change.of(type.name(), entity));
          } else {
            hidden.add(key);
            unmatched.add(entity.id());
          }
        }
      }
    }
    return keys.stream()
        .filter(key -> !hidden.contains(key))
        .map(key -> present.getOrDefault(key, Change.deleted(key.type, key.id)))
        .toList();
  }

  /**
   * Deletes changes of all users that no accepted token needs.
   *
   * @param tx the system's
   * @return the number of deleted changes, at most {@code batch}
   */
  int deleteExpired(Tx tx, int batch) {
    return tx.sql("sync.delete_expired")
        .bind("retention_ms", DELETED_AFTER.toMillis())
        .bind("count", batch)
        .run();
  }
}

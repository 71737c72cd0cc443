package app.perpetua.flow.sync;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the changes of all connected users, and offers them to their streams.
 *
 * <p>Of one user, numbers are in the order of the commits, so reading a user's changes after a
 * number misses none. Which users to read is learned from the numbers of all users above a floor.
 * Between users, a transaction that commits late may have a lower number than one that was seen
 * already, so the floor rises only to a number up to which all transactions have ended
 * (docs/decisions/events.md). Confined to one thread.
 */
final class EventPoller {
  /** Users whose changes one statement reads. */
  private static final int BATCH = 500;

  /**
   * A number that becomes the floor.
   *
   * @param afterTransaction when every transaction with a lower id has ended
   */
  private record NextFloor(long seq, long afterTransaction) {
    static NextFloor of(ChangeFeed.Recent recent) {
      return new NextFloor(recent.newestOfAll(), recent.nextTransaction());
    }
  }

  private final ChangeFeed feed;
  private final Consumer<Duration> delays;

  /** No change up to this number can become visible any more; null until that is known. */
  private @Nullable Long floor;

  private @Nullable NextFloor nextFloor;

  /** Have connected and were not read yet: what is new for them may be below the floor. */
  private final Set<UserStreams> unread = new LinkedHashSet<>();

  /**
   * @param delays notified of the age of each change that is offered
   */
  EventPoller(ChangeFeed feed, Consumer<Duration> delays) {
    this.feed = feed;
    this.delays = delays;
  }

  /**
   * Reads once. Costs what the new rows cost, and not what the connected users would.
   *
   * @param users the connected ones
   * @param opened those of them who have connected since the last call
   * @throws app.perpetua.flow.sql.DatabaseException if a statement or the connection fails; the
   *     next call reads what this one did not
   */
  void poll(Map<UUID, UserStreams> users, Collection<UserStreams> opened) {
    unread.addAll(opened);
    ChangeFeed.Recent recent = feed.recent(floor);
    List<UserStreams> changed =
        List.copyOf(recent.complete() ? changed(users, recent.newest()) : users.values());
    for (int from = 0; from < changed.size(); from += BATCH) {
      read(changed.subList(from, Math.min(changed.size(), from + BATCH)));
    }
    unread.clear();
    raiseFloor(recent);
  }

  /**
   * A number up to which all changes of all users were offered, and none can become visible any
   * more; empty until one is known.
   */
  OptionalLong settled() {
    return floor == null ? OptionalLong.empty() : OptionalLong.of(floor);
  }

  private Set<UserStreams> changed(Map<UUID, UserStreams> users, Map<UUID, Long> newest) {
    Set<UserStreams> changed = new LinkedHashSet<>(unread);
    newest.forEach(
        (id, seq) -> {
          UserStreams user = users.get(id);
          if (user != null && seq > user.position()) {
            changed.add(user);
          }
        });
    return changed;
  }

  /** Whether it need not read every user. */
  boolean knowsFloor() {
    return floor != null;
  }

  private void read(List<UserStreams> users) {
    List<UserStreams> left = users;
    while (!left.isEmpty()) {
      Map<UUID, Long> positions = new LinkedHashMap<>();
      left.forEach(user -> positions.put(user.userId(), user.position()));
      Map<UUID, List<RecordedChange>> changes = new HashMap<>();
      for (ChangeFeed.UserChange change : feed.after(positions)) {
        changes.computeIfAbsent(change.userId(), _ -> new ArrayList<>()).add(change.change());
        delays.accept(Duration.ofMillis(Math.max(0, change.ageMillis())));
      }
      List<UserStreams> more = new ArrayList<>();
      for (UserStreams user : left) {
        List<RecordedChange> read = changes.getOrDefault(user.userId(), List.of());
        user.offer(read);
        if (read.size() == ChangeFeed.PAGE) {
          more.add(user);
        }
      }
      left = more;
    }
  }

  private void raiseFloor(ChangeFeed.Recent recent) {
    if (floor != null && !recent.complete()) {
      // A transaction runs for so long that looking above the floor costs more than reading
      // everyone, or there is a flood of changes.
      floor = null;
      nextFloor = null;
    }
    if (nextFloor == null) {
      nextFloor = NextFloor.of(recent);
    } else if (recent.oldestTransaction() >= nextFloor.afterTransaction()) {
      floor = nextFloor.seq();
      nextFloor = NextFloor.of(recent);
    }
  }
}

package app.perpetua.flow.sync;

import app.perpetua.flow.sql.PageRequest;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** How far a client's copy is up to date. */
sealed interface SyncToken {
  UUID FIRST = new UUID(0, 0);

  /** The number of the last change that the copy contains. */
  long seq();

  /** Since when changes after {@link #seq} have to be available, by the database's clock. */
  Instant since();

  /**
   * The copy is complete up to a change.
   *
   * @param fresh the copy was just built from a snapshot, and no changes have been read since
   */
  record Position(long seq, Instant since, boolean fresh) implements SyncToken {}

  /**
   * The copy is being built from a snapshot, which began when {@code seq} was the newest change.
   *
   * @param type the type to go on with
   * @param after the last entity of that type that was read
   */
  record Snapshot(long seq, Instant since, String type, UUID after) implements SyncToken {}

  /** The form in which a token is signed. */
  default PageRequest.Position position() {
    String common = ":" + seq() + ":" + since().toEpochMilli();
    return switch (this) {
      case Position position ->
          new PageRequest.Position((position.fresh ? "f" : "c") + common, FIRST);
      case Snapshot snapshot ->
          new PageRequest.Position("s" + common + ":" + snapshot.type, snapshot.after);
    };
  }

  /** Reads what {@link #position} has written; null if it is of another release. */
  static @Nullable SyncToken of(PageRequest.Position signed) {
    String[] parts = signed.key().split(":", -1);
    if (parts.length < 3) {
      return null;
    }
    long seq = Long.parseLong(parts[1]);
    Instant since = Instant.ofEpochMilli(Long.parseLong(parts[2]));
    return switch (parts[0]) {
      case "f" -> new Position(seq, since, true);
      case "c" -> new Position(seq, since, false);
      case "s" -> parts.length == 4 ? new Snapshot(seq, since, parts[3], signed.id()) : null;
      default -> null;
    };
  }
}

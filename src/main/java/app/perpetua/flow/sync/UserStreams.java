package app.perpetua.flow.sync;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** The streams of one user, and how far the poller has read the user's changes. Thread-safe. */
final class UserStreams {
  private final UUID userId;
  private final List<EventStream> streams = new CopyOnWriteArrayList<>();
  private long position;
  private volatile boolean read;

  /**
   * @param position the poller reads the changes after this number
   */
  UserStreams(UUID userId, long position) {
    this.userId = userId;
    this.position = position;
  }

  UUID userId() {
    return userId;
  }

  /** Oldest first; streams may be removed. */
  List<EventStream> all() {
    return streams;
  }

  /** Adds a stream, which reads by itself what the poller has read before it was added. */
  synchronized void add(EventStream stream) {
    streams.add(stream);
    if (stream.complete() < position) {
      stream.catchUp();
    }
  }

  synchronized long position() {
    return position;
  }

  /** Whether the poller has read the user's changes since this object was created. */
  boolean isRead() {
    return read;
  }

  /** Offers the changes that follow the position, if any, to all streams, and moves it. */
  synchronized void offer(List<RecordedChange> changes) {
    if (!changes.isEmpty()) {
      streams.forEach(stream -> stream.offer(position, changes));
      position = changes.getLast().seq();
    }
    read = true;
  }
}

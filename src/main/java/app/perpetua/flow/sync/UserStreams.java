package app.perpetua.flow.sync;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The streams of one user, oldest first, and how far the poller has read the user's changes.
 * Streams may be added and removed by any thread; the rest is confined to the poller.
 */
final class UserStreams {
  private final UUID userId;
  private final List<EventStream> streams = new CopyOnWriteArrayList<>();
  private long position;
  private boolean polled;

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

  List<EventStream> streams() {
    return streams;
  }

  long position() {
    return position;
  }

  /** Whether the poller has read the user's changes since this object was created. */
  boolean isPolled() {
    return polled;
  }

  /**
   * Tells all streams that no change follows the position up to a number.
   *
   * @param number the poller has read everything up to it, and no such change can become visible
   */
  void settle(long number) {
    if (polled && number > position) {
      streams.forEach(stream -> stream.offerNone(position, number));
    }
  }

  /** Offers the changes that follow the position, if any, to all streams, and moves it. */
  void offer(List<RecordedChange> changes) {
    polled = true;
    if (!changes.isEmpty()) {
      streams.forEach(stream -> stream.offer(position, changes));
      position = changes.getLast().seq();
    }
  }
}

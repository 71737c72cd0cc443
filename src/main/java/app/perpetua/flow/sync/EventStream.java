package app.perpetua.flow.sync;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.DatabaseException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One open stream of a user's changes as server-sent events (WHATWG HTML, 9.2), FR-145.
 *
 * <p>The request's thread writes it ({@link #run}); the poller offers changes and other threads end
 * it. A bounded queue lies between them. A stream that cannot take an offer, because its queue is
 * full or because the offer does not continue what it has, reads its changes itself until it has
 * caught up, so no offer is needed for completeness. Thread-safe.
 */
final class EventStream {
  /** Offered changes that wait to be written; about 25 KB. */
  private static final int MAX_QUEUED = 256;

  /** Clients whose process or connection was lost come back spread over this time. */
  private static final int MIN_RETRY_MILLIS = 1_000;

  private static final int MAX_RETRY_MILLIS = 3_000;

  /** Otherwise the streams of too many clients would replace each other all the time. */
  private static final int REPLACED_RETRY_MILLIS = 60_000;

  private record Change(String type, UUID id, @Nullable Integer version, boolean deleted) {}

  private record Position(long seq) {}

  private record End(StreamEnd reason) {}

  /** What the writer does next. */
  private sealed interface Step {
    record Write(List<RecordedChange> changes) implements Step {}

    record CatchUp(long after) implements Step {}

    record Heartbeat() implements Step {}

    /**
     * @param position the client has all changes up to this number
     */
    record Finish(StreamEnd reason, long position) implements Step {}
  }

  private final Principal principal;
  private final Set<String> types;
  private final ChangeFeed feed;
  private final LongSupplier settled;
  private final Json json;
  private final EventTiming timing;
  private final boolean reset;
  private final long dueNanos;
  private final StreamEnd dueReason;
  private final int retryMillis =
      ThreadLocalRandom.current().nextInt(MIN_RETRY_MILLIS, MAX_RETRY_MILLIS);
  private final Deque<RecordedChange> queue = new ArrayDeque<>();

  /** Everything up to this number has been queued or written. */
  private long complete;

  /** Whether it reads changes after {@link #complete} itself. */
  private boolean behind;

  /** Whether an offer was not taken since the last such read began. */
  private boolean missedOffer;

  private @Nullable StreamEnd ending;

  /** Confined to the writer, as what follows. */
  private long written;

  private long heartbeatNanos;
  private long catchUpNanos;
  private boolean writing;

  /**
   * @param types names of the types whose changes are sent
   * @param tokenLifetime until the access token expires
   * @param maxDuration until the stream ends at the latest
   * @param settled a number up to which no change of the user can be offered any more; 0 for none
   */
  EventStream(
      Principal principal,
      Set<String> types,
      ChangeFeed.Start start,
      Duration tokenLifetime,
      Duration maxDuration,
      ChangeFeed feed,
      LongSupplier settled,
      Json json,
      EventTiming timing) {
    this.principal = principal;
    this.types = types;
    this.feed = feed;
    this.settled = settled;
    this.json = json;
    this.timing = timing;
    boolean tokenEndsFirst = tokenLifetime.compareTo(maxDuration) < 0;
    dueReason = tokenEndsFirst ? StreamEnd.TOKEN_EXPIRED : StreamEnd.MAX_DURATION;
    long now = System.nanoTime();
    dueNanos = now + (tokenEndsFirst ? tokenLifetime : maxDuration).toNanos();
    heartbeatNanos = now + timing.heartbeat().toNanos();
    catchUpNanos = now;
    reset = start.reset();
    written = start.position();
    complete = start.last();
    queue.addAll(start.first());
    behind = start.first().size() == ChangeFeed.PAGE;
  }

  UUID userId() {
    return principal.userId();
  }

  Principal principal() {
    return principal;
  }

  /** The number up to which this stream needs no offers. */
  synchronized long complete() {
    return complete;
  }

  /**
   * Offers all changes of the user after {@code from}, up to the last of them.
   *
   * @param changes in their order, at least one
   */
  synchronized void offer(long from, List<RecordedChange> changes) {
    if (ending != null) {
      return;
    }
    if (behind || from > complete || queue.size() + changes.size() > MAX_QUEUED) {
      behind = true;
      missedOffer = true;
    } else {
      changes.stream().filter(change -> change.seq() > complete).forEach(queue::add);
      complete = Math.max(complete, changes.getLast().seq());
    }
    notifyAll();
  }

  /** Makes it read the changes after {@link #complete} itself. */
  synchronized void catchUp() {
    behind = true;
    notifyAll();
  }

  /** Ends it when it has written what was offered before; the first reason counts. */
  synchronized void end(StreamEnd reason) {
    if (ending == null) {
      ending = reason;
      notifyAll();
    }
  }

  /**
   * Writes the stream until it ends.
   *
   * @param sent notified of the number of written changes
   * @return why it ended; the client was told
   * @throws IOException if the client cannot be written to
   */
  StreamEnd run(OutputStream out, LongConsumer sent) throws IOException {
    write(
        out,
        "retry: "
            + retryMillis
            + "\n"
            + event(reset ? "reset" : "ready", written, new Position(written)));
    while (true) {
      switch (next()) {
        case Step.Write(List<RecordedChange> changes) -> write(out, changes, sent);
        case Step.CatchUp(long after) -> catchUp(out, after, sent);
        case Step.Heartbeat _ -> write(out, ": heartbeat\n\n");
        case Step.Finish(StreamEnd reason, long position) -> {
          int retry = reason == StreamEnd.REPLACED ? REPLACED_RETRY_MILLIS : retryMillis;
          write(out, "retry: " + retry + "\n" + event("end", position, new End(reason)));
          return reason;
        }
      }
    }
  }

  /** Whether the last thing that {@link #run} did was to write to the client. */
  boolean isWriting() {
    return writing;
  }

  /** Waits for the next step. */
  private synchronized Step next() throws IOException {
    while (true) {
      long now = System.nanoTime();
      if (ending == null && now - dueNanos >= 0) {
        ending = dueReason;
      }
      if (!queue.isEmpty()) {
        List<RecordedChange> changes = List.copyOf(queue);
        queue.clear();
        return new Step.Write(changes);
      }
      if (ending != null) {
        // Not the last event's number: a user without changes could fall behind what is kept.
        boolean hasAll = queue.isEmpty() && !behind;
        return new Step.Finish(ending, hasAll ? Math.max(complete, settled.getAsLong()) : written);
      }
      if (behind && now - catchUpNanos >= 0) {
        missedOffer = false;
        return new Step.CatchUp(complete);
      }
      if (now - heartbeatNanos >= 0) {
        return new Step.Heartbeat();
      }
      long nanos = Math.min(heartbeatNanos - now, dueNanos - now);
      if (behind) {
        nanos = Math.min(nanos, catchUpNanos - now);
      }
      try {
        wait(Math.max(1, Duration.ofNanos(nanos).toMillis()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  private void catchUp(OutputStream out, long after, LongConsumer sent) throws IOException {
    writing = false;
    List<RecordedChange> changes;
    try {
      changes = feed.after(principal.userId(), after);
    } catch (DatabaseException e) {
      // The client notices nothing but a delay; the poller logs that the database is away.
      catchUpNanos = System.nanoTime() + timing.retry().toNanos();
      return;
    } catch (Refusal e) {
      end(StreamEnd.ACCOUNT_DELETED);
      return;
    }
    synchronized (this) {
      if (!changes.isEmpty()) {
        complete = changes.getLast().seq();
      }
      behind = missedOffer || changes.size() == ChangeFeed.PAGE;
    }
    if (!changes.isEmpty()) {
      write(out, changes, sent);
    }
  }

  private void write(OutputStream out, List<RecordedChange> changes, LongConsumer sent)
      throws IOException {
    StringBuilder events = new StringBuilder();
    long count = 0;
    for (RecordedChange change : changes) {
      if (types.contains(change.type())) {
        events.append(
            event(
                "change",
                change.seq(),
                new Change(change.type(), change.id(), change.version(), change.deleted())));
        count++;
      }
    }
    if (count > 0) {
      write(out, events.toString());
      sent.accept(count);
    }
    written = changes.getLast().seq();
  }

  private String event(String name, long seq, Object data) {
    return "event: " + name + "\nid: " + seq + "\ndata: " + json.text(data) + "\n\n";
  }

  private void write(OutputStream out, String text) throws IOException {
    writing = true;
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
    heartbeatNanos = System.nanoTime() + timing.heartbeat().toNanos();
  }
}

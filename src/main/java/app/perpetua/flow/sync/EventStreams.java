package app.perpetua.flow.sync;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.sql.DatabaseException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The open event streams of this process: bounds their number, reads changes for them while there
 * are any, and ends them (FR-146). Thread-safe.
 */
public final class EventStreams implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(EventStreams.class.getName());

  /** For writing the last event; a client that does not read it is cut off with the server. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(4);

  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  /** Upper bounds of the histogram of delays; the target is 500 ms. */
  private static final Duration[] DELAYS =
      IntStream.of(50, 100, 200, 300, 400, 500, 1_000, 2_500, 5_000, 30_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final EventStreamConfig config;
  private final EventTiming timing;
  private final ChangeFeed feed;
  private final SessionCheck sessions;
  private final Json json;
  private final Clock clock;
  private final Counter sent;
  private final Timer delay;
  private final Map<StreamEnd, Counter> ended = new EnumMap<>(StreamEnd.class);
  private final Map<UUID, UserStreams> users = new ConcurrentHashMap<>();

  /** The poller has not read their changes yet. */
  private final Queue<UserStreams> opened = new ConcurrentLinkedQueue<>();

  private int open;
  private boolean polling;

  /** No change up to this number can become visible any more. */
  private volatile long settled;

  private boolean stopping;

  EventStreams(
      EventStreamConfig config,
      EventTiming timing,
      ChangeFeed feed,
      SessionCheck sessions,
      Json json,
      Clock clock,
      MeterRegistry metrics) {
    this.config = config;
    this.timing = timing;
    this.feed = feed;
    this.sessions = sessions;
    this.json = json;
    this.clock = clock;
    Gauge.builder("event.streams", this, EventStreams::open)
        .description("Open event streams")
        .register(metrics);
    sent =
        Counter.builder("event.streams.sent")
            .description("Changes written to event streams")
            .register(metrics);
    delay =
        Timer.builder("event.streams.delay")
            .description("Time from a change until its user's streams receive it")
            .serviceLevelObjectives(DELAYS)
            .register(metrics);
    // Before the first, so that increase() shows it.
    for (StreamEnd reason : StreamEnd.values()) {
      ended.put(
          reason,
          Counter.builder("event.streams.ended")
              .description("Event streams that ended, by reason")
              .tag("reason", reason.wireName())
              .register(metrics));
    }
  }

  /** The number of open streams. */
  synchronized int open() {
    return open;
  }

  /** Whether changes are read. */
  synchronized boolean isPolling() {
    return polling;
  }

  /**
   * Opens a stream, and ends the user's oldest one if there are too many. The caller runs it next.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} if there are too many of all users, or the service
   *     is stopping
   */
  synchronized EventStream open(Principal principal, Set<String> types, ChangeFeed.Start start) {
    requireRoom();
    UserStreams streams = streamsOf(principal.userId(), start.last());
    EventStream stream =
        new EventStream(
            principal,
            types,
            start,
            Duration.between(clock.instant(), principal.expiresAt()),
            config.maxDuration(),
            feed,
            () -> streams.isRead() ? settled : 0,
            json,
            timing);
    open++;
    streams.add(stream);
    if (streams.all().size() > config.maxPerUser()) {
      streams.all().removeFirst().end(StreamEnd.REPLACED);
    }
    if (!polling) {
      polling = true;
      // Of the operating system: a virtual one wakes several of them for each wait.
      Thread.ofPlatform().daemon().name("event-poller").start(this::poll);
    }
    return stream;
  }

  private UserStreams streamsOf(UUID userId, long position) {
    return users.computeIfAbsent(
        userId,
        _ -> {
          UserStreams created = new UserStreams(userId, position);
          opened.add(created);
          return created;
        });
  }

  private void requireRoom() {
    if (stopping) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is stopping")
          .retryAfter(RETRY_AFTER);
    }
    if (open >= config.max()) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many event streams are open")
          .retryAfter(RETRY_AFTER);
    }
  }

  /**
   * Writes a stream until it ends.
   *
   * @throws IOException if the client cannot be written to
   */
  void run(EventStream stream, OutputStream out) throws IOException {
    StreamEnd reason = StreamEnd.FAILED;
    try {
      reason = stream.run(out, sent::increment);
    } finally {
      remove(stream);
      boolean isDisconnected = reason == StreamEnd.FAILED && stream.isWriting();
      count(isDisconnected ? StreamEnd.DISCONNECTED : reason);
    }
  }

  private void count(StreamEnd reason) {
    Counter counter = ended.get(reason);
    if (counter != null) {
      counter.increment();
    }
  }

  private synchronized void remove(EventStream stream) {
    open--;
    users.computeIfPresent(
        stream.userId(),
        (_, user) -> {
          user.all().remove(stream);
          return user.all().isEmpty() ? null : user;
        });
    notifyAll();
  }

  /** Runs while streams are open. */
  private void poll() {
    EventPoller poller = new EventPoller(feed, delay::record);
    long checked = System.nanoTime();
    boolean failing = false;
    while (isNeeded()) {
      long start = System.nanoTime();
      try {
        poller.poll(users, takeOpened());
        settled = poller.settled().orElse(settled);
        if (start - checked >= timing.check().toNanos()) {
          endOfRefused();
          checked = start;
        }
        if (failing) {
          LOG.log(System.Logger.Level.INFO, "changes for event streams are read again");
        }
        failing = false;
      } catch (DatabaseException e) {
        if (!failing) {
          LOG.log(
              System.Logger.Level.WARNING,
              "cannot read changes for event streams, and try again: {0}",
              e.line());
        }
        failing = true;
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "cannot read changes for event streams", e);
      }
      if (!pause(start)) {
        return;
      }
    }
  }

  private synchronized boolean isNeeded() {
    polling = !users.isEmpty() && !stopping;
    return polling;
  }

  private List<UserStreams> takeOpened() {
    List<UserStreams> taken = new ArrayList<>();
    for (UserStreams user = opened.poll(); user != null; user = opened.poll()) {
      taken.add(user);
    }
    return taken;
  }

  private boolean pause(long start) {
    try {
      Thread.sleep(timing.poll().minusNanos(System.nanoTime() - start));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void endOfRefused() {
    List<UserStreams> connected = List.copyOf(users.values());
    Set<UUID> existing = feed.existing(connected.stream().map(UserStreams::userId).toList());
    connected.stream()
        .filter(user -> !existing.contains(user.userId()))
        .flatMap(user -> user.all().stream())
        .forEach(stream -> stream.end(StreamEnd.ACCOUNT_DELETED));
    List<EventStream> open = connected.stream().flatMap(user -> user.all().stream()).toList();
    Set<Principal> ended =
        sessions.ended(open.stream().map(EventStream::principal).collect(Collectors.toSet()));
    open.stream()
        .filter(stream -> ended.contains(stream.principal()))
        .forEach(stream -> stream.end(StreamEnd.SESSION_ENDED));
  }

  /** Ends all streams, and waits until the clients were told. */
  @Override
  public synchronized void close() {
    stopping = true;
    users.values().forEach(user -> user.all().forEach(s -> s.end(StreamEnd.SHUTDOWN)));
    long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
    try {
      for (long left = CLOSE_TIMEOUT.toMillis();
          open > 0 && left > 0;
          left = Duration.ofNanos(deadline - System.nanoTime()).toMillis()) {
        wait(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package app.perpetua.flow.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.harness.SseEvent;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Event streams with short intervals, and clients that the test controls. */
class EventStreamsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration LONG = Duration.ofMinutes(14);
  private static final EventTiming SHORT =
      new EventTiming(Duration.ofMillis(20), Duration.ofMillis(60), LIMIT, Duration.ofMillis(100));

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final MutableClock clock = new MutableClock();
  private final Db db =
      new Db(database.pool(4), SqlCatalog.load(), clock, Duration.ofSeconds(30), _ -> false);
  private final ChangeFeed feed = new ChangeFeed(db);
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final UUID user = database.newUser().save();
  private final Set<UUID> endedSessions = ConcurrentHashMap.newKeySet();
  private EventStreams streams = streams(100, LONG, SHORT);

  @AfterEach
  void close() {
    streams.close();
  }

  private EventStreams streams(int max, Duration maxDuration, EventTiming timing) {
    return new EventStreams(
        new EventStreamConfig(max, 3, maxDuration),
        timing,
        feed,
        new Sessions(),
        new Json(),
        clock,
        metrics);
  }

  /** Of which some were ended. */
  private final class Sessions implements SessionCheck {
    @Override
    public void requireActive(Tx tx, Principal principal) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void requireActive(UUID userId, @Nullable UUID sessionId) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Set<Principal> ended(Collection<Principal> principals) {
      return principals.stream()
          .filter(p -> p.sessionId() != null && endedSessions.contains(p.sessionId()))
          .collect(Collectors.toUnmodifiableSet());
    }
  }

  /** A client, and the thread that serves it. */
  private final class Client extends OutputStream {
    private final StringBuilder received = new StringBuilder();
    private final Semaphore reads = new Semaphore(0);
    private final Thread thread;
    private volatile boolean paused;
    private volatile boolean gone;
    private final UUID sessionId = UUID.randomUUID();

    Client(EventStreams streams, UUID userId, @Nullable Long lastEventId, String... types) {
      this(
          db.read(Actor.user(userId, null), tx -> ChangeFeed.start(tx, lastEventId)),
          streams,
          userId,
          types);
    }

    Client(ChangeFeed.Start start, EventStreams streams, UUID userId, String... types) {
      Principal principal =
          new Principal(
              userId,
              UUID.randomUUID(),
              sessionId,
              userId,
              clock.instant().plus(Duration.ofMinutes(15)));
      EventStream stream =
          streams.open(
              principal, types.length == 0 ? Set.of("note", "task") : Set.of(types), start);
      thread =
          Thread.startVirtualThread(
              () -> {
                try {
                  streams.run(stream, this);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }

    @Override
    public void write(int octet) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (gone) {
        throw new IOException("the client is gone");
      }
      if (paused) {
        reads.acquireUninterruptibly();
      }
      synchronized (received) {
        received.append(new String(bytes, from, length, StandardCharsets.UTF_8));
      }
    }

    String text() {
      synchronized (received) {
        return received.toString();
      }
    }

    List<SseEvent> events() {
      return SseEvent.all(text());
    }

    List<Long> numbers() {
      return events().stream()
          .filter(event -> event.name().equals("change"))
          .map(event -> Long.valueOf(String.valueOf(event.id())))
          .toList();
    }

    void await(List<Long> numbers) {
      Eventually.within(LIMIT, () -> numbers().size() >= numbers.size());
      assertEquals(numbers, numbers());
    }

    void awaitReady() {
      Eventually.within(LIMIT, () -> !events().isEmpty());
    }

    String awaitEnd() {
      Eventually.within(LIMIT, () -> !thread.isAlive());
      SseEvent last = events().getLast();
      assertEquals("end", last.name());
      return new Json().parse(last.data()).get("reason").stringValue();
    }
  }

  private Client client() {
    return new Client(streams, user, null);
  }

  private long change(UUID of, String type) {
    return database.number(
        """
        insert into activity.changes (user_id, entity_type, entity_id, version, deleted)
        values (?, ?, gen_random_uuid(), 1, false) returning seq
        """,
        of,
        type);
  }

  private List<Long> changes(int count) {
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      numbers.add(change(user, "note"));
    }
    return numbers;
  }

  private double ended(String reason) {
    return metrics.counter("event.streams.ended", "reason", reason).count();
  }

  @Test
  void FR_145_all_streams_of_a_user_receive_the_changes_and_others_do_not() {
    change(user, "note");
    Client first = client();
    Client second = client();
    Client other = new Client(streams, database.newUser().save(), null);
    List<Long> numbers = changes(3);
    first.await(numbers);
    second.await(numbers);
    other.awaitReady();
    assertEquals(List.of(), other.numbers());
    assertEquals(
        6.0, metrics.counter("event.streams.sent").count(), "each change to each of its streams");
    assertEquals(3, metrics.timer("event.streams.delay").count());
  }

  @Test
  void FR_145_a_stream_continues_after_the_last_event_however_many_there_are() {
    List<Long> numbers = new ArrayList<>(changes(250));
    Client resumed = new Client(streams, user, numbers.get(9));
    Client later = client();
    numbers.addAll(changes(5));
    resumed.await(numbers.subList(10, 255));
    later.await(numbers.subList(250, 255));
    Client third = new Client(streams, user, numbers.get(200));
    third.await(numbers.subList(201, 255));
    numbers.addAll(changes(2));
    third.await(numbers.subList(201, 257));
    resumed.await(numbers.subList(10, 257));
  }

  @Test
  void FR_145_a_client_that_reads_slowly_misses_nothing_and_others_do_not_wait() {
    Client slow = client();
    Client quick = client();
    slow.awaitReady();
    slow.paused = true;
    changes(1);
    Eventually.within(LIMIT, slow.reads::hasQueuedThreads);
    database.run(
        """
        insert into activity.changes (user_id, entity_type, entity_id, deleted)
        select ?, 'note', gen_random_uuid(), true from generate_series(1, 1000)
        """,
        user);
    changes(1);
    List<Long> all =
        database
            .rows("select seq from activity.changes where user_id = ? order by seq", user)
            .stream()
            .map(row -> (Long) row.get("seq"))
            .toList();
    quick.await(all);
    assertEquals(List.of(), slow.numbers());
    slow.paused = false;
    slow.reads.release(10_000);
    slow.await(all);
  }

  @Test
  void FR_145_types_select_what_is_sent_and_the_position_moves_nevertheless() {
    Client notes = new Client(streams, user, null, "note");
    change(user, "task");
    long note = change(user, "note");
    notes.await(List.of(note));
    Client all = new Client(streams, user, note);
    all.awaitReady();
    long task = change(user, "task");
    all.await(List.of(task));
    streams.close();
    assertEquals("shutdown", notes.awaitEnd());
    assertEquals(Long.toString(task), notes.events().getLast().id());
  }

  @Test
  void FR_146_a_silent_stream_sends_heartbeats() {
    streams =
        streams(
            10,
            LONG,
            new EventTiming(
                Duration.ofMillis(20), LIMIT, Duration.ofMillis(50), Duration.ofMillis(50)));
    Client client = client();
    Eventually.within(LIMIT, () -> client.text().split(": heartbeat\n\n", -1).length > 3);
  }

  @Test
  void FR_146_a_stream_ends_after_its_longest_duration() {
    streams = streams(10, Duration.ofMillis(300), SHORT);
    assertEquals("max_duration", client().awaitEnd());
    assertEquals(1, ended("max_duration"));
    assertEquals(0, streams.open());
  }

  @Test
  void FR_146_a_stream_ends_when_the_access_token_expires() throws IOException {
    Principal principal =
        new Principal(
            user, UUID.randomUUID(), null, user, clock.instant().plus(Duration.ofMillis(300)));
    ChangeFeed.Start start = db.read(Actor.user(user, null), tx -> ChangeFeed.start(tx, null));
    EventStream stream = streams.open(principal, Set.of("note"), start);
    StringBuilder text = new StringBuilder();
    OutputStream out =
        new OutputStream() {
          @Override
          public void write(int octet) {
            text.append((char) octet);
          }
        };
    streams.run(stream, out);
    assertEquals(1, ended("token_expired"));
    assertTrue(
        text.toString().endsWith("data: {\"reason\":\"token_expired\"}\n\n"), text.toString());
  }

  @Test
  void FR_146_the_streams_of_a_deleted_account_end() {
    Client client = client();
    Client other = new Client(streams, database.newUser().save(), null);
    client.awaitReady();
    database.run("delete from auth.users where id = ?", user);
    assertEquals("account_deleted", client.awaitEnd());
    assertTrue(other.thread.isAlive());
  }

  @Test
  void FR_145_a_change_that_was_read_for_others_while_a_stream_opens_is_sent() {
    Client first = client();
    first.awaitReady();
    ChangeFeed.Start start = db.read(Actor.user(user, null), tx -> ChangeFeed.start(tx, null));
    List<Long> numbers = changes(2);
    first.await(numbers);
    new Client(start, streams, user).await(numbers);
  }

  @Test
  void FR_146_the_streams_of_a_session_that_was_ended_end() {
    Client ended = client();
    Client other = client();
    ended.awaitReady();
    endedSessions.add(ended.sessionId);
    assertEquals("session_ended", ended.awaitEnd());
    other.await(changes(1));
  }

  @Test
  void FR_145_a_user_without_changes_does_not_fall_behind_what_is_kept() {
    Client idle = client();
    idle.awaitReady();
    UUID busy = database.newUser().save();
    long number = change(busy, "note");
    Eventually.within(
        LIMIT,
        () -> {
          // Ends all streams as time does; each has a position of its own.
          Client next = client();
          next.awaitReady();
          endedSessions.add(next.sessionId);
          next.awaitEnd();
          return Long.parseLong(String.valueOf(next.events().getLast().id())) >= number;
        });
    long noted = change(user, "note");
    idle.await(List.of(noted));
  }

  @Test
  void FR_146_a_further_stream_ends_the_oldest_of_the_user() {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      clients.add(client());
    }
    assertEquals("replaced", clients.get(0).awaitEnd());
    assertEquals("replaced", clients.get(1).awaitEnd());
    assertTrue(clients.get(0).text().contains("retry: 60000\nevent: end\n"));
    List<Long> numbers = changes(1);
    clients.subList(2, 5).forEach(client -> client.await(numbers));
    assertEquals(3, streams.open());
  }

  @Test
  void FR_146_more_streams_than_the_process_takes_are_refused() {
    streams = streams(2, LONG, SHORT);
    Client gone = client();
    Client other = new Client(streams, database.newUser().save(), null);
    UUID third = database.newUser().save();
    Refusal refusal = assertThrows(Refusal.class, () -> new Client(streams, third, null));
    assertEquals(ErrorCode.SERVICE_UNAVAILABLE, refusal.code());
    assertTrue(refusal.extras().containsKey("retry_after"));
    gone.awaitReady();
    gone.gone = true;
    change(user, "note");
    Eventually.within(LIMIT, () -> streams.open() == 1);
    assertEquals(1, ended("disconnected"));
    new Client(streams, third, null).awaitReady();
    assertTrue(other.thread.isAlive());
  }

  @Test
  void FR_146_a_stopping_service_ends_all_streams_and_opens_none() {
    Client first = client();
    Client second = client();
    first.awaitReady();
    second.awaitReady();
    List<Long> numbers = changes(1);
    first.await(numbers);
    streams.close();
    assertEquals("shutdown", first.awaitEnd());
    assertEquals("shutdown", second.awaitEnd());
    assertEquals(numbers.getFirst() + "", first.events().getLast().id());
    assertEquals(ErrorCode.SERVICE_UNAVAILABLE, assertThrows(Refusal.class, this::client).code());
  }

  @Test
  void FR_146_a_stopping_service_does_not_wait_for_a_client_that_does_not_read() {
    Client stuck = client();
    stuck.awaitReady();
    stuck.paused = true;
    change(user, "note");
    Eventually.within(LIMIT, stuck.reads::hasQueuedThreads);
    long start = System.nanoTime();
    streams.close();
    assertTrue(Duration.ofNanos(System.nanoTime() - start).compareTo(Duration.ofSeconds(10)) < 0);
    stuck.reads.release(100);
  }

  @Test
  void FR_145_nothing_is_read_while_no_stream_is_open() {
    assertFalse(streams.isPolling());
    Client client = client();
    assertTrue(streams.isPolling());
    client.await(changes(1));
    client.gone = true;
    change(user, "note");
    Eventually.within(LIMIT, () -> streams.open() == 0 && !streams.isPolling());
    Client again = client();
    assertTrue(streams.isPolling());
    again.await(changes(2));
  }

  @Test
  void FR_145_streams_that_open_and_close_while_users_write_miss_nothing() throws Exception {
    int writes = 300;
    CountDownLatch done = new CountDownLatch(1);
    Thread.startVirtualThread(
        () -> {
          changes(writes);
          done.countDown();
        });
    List<Long> received = new ArrayList<>();
    long last = 0;
    while (received.size() < writes) {
      Client client = new Client(streams, user, last);
      long from = last;
      Eventually.within(LIMIT, () -> client.numbers().stream().anyMatch(n -> n > from));
      client.gone = true;
      List<Long> numbers = client.numbers();
      received.addAll(numbers);
      last = numbers.getLast();
    }
    done.await();
    assertEquals(
        database
            .rows("select seq from activity.changes where user_id = ? order by seq", user)
            .stream()
            .map(row -> (Long) row.get("seq"))
            .toList(),
        received);
  }
}

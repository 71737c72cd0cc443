package app.perpetua.flow.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.SqlCatalog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reading the changes of all connected users, with transactions that commit out of order. */
class EventPollerTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final ChangeFeed feed =
      new ChangeFeed(
          new Db(
              database.pool(4),
              SqlCatalog.load(),
              new MutableClock(),
              Duration.ofSeconds(30),
              _ -> false));
  private final EventPoller poller = new EventPoller(feed, _ -> {});
  private final UserStreams ann = new UserStreams(database.newUser().save(), 0);
  private final UserStreams bob = new UserStreams(database.newUser().save(), 0);
  private final UserStreams cid = new UserStreams(database.newUser().save(), 0);
  private final Map<UUID, UserStreams> all =
      Map.of(ann.userId(), ann, bob.userId(), bob, cid.userId(), cid);

  @BeforeEach
  void knowWhatHasEnded() {
    record(cid);
    Eventually.within(
        LIMIT,
        () -> {
          poller.poll(all, List.of());
          return poller.knowsFloor();
        });
  }

  private static long record(UserStreams user) {
    return database.number(INSERT, user.userId());
  }

  private static final String INSERT =
      """
      insert into activity.changes (user_id, entity_type, entity_id, version, deleted)
      values (?, 'note', gen_random_uuid(), 1, false) returning seq
      """;

  private static long record(Connection connection, UUID user) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      insert.setObject(1, user);
      try (ResultSet result = insert.executeQuery()) {
        result.next();
        return result.getLong(1);
      }
    }
  }

  /** A transaction that has an id, as one that locks a row does. */
  private static Connection begin() throws SQLException {
    Connection connection = database.dataSource().getConnection();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("select pg_current_xact_id()");
    }
    return connection;
  }

  @Test
  void FR_145_a_change_that_commits_after_later_numbers_of_others_is_read() throws Exception {
    try (Connection slow = begin()) {
      long number = record(slow, ann.userId());
      for (int i = 0; i < 5; i++) {
        long other = record(bob);
        poller.poll(all, List.of());
        assertEquals(other, bob.position());
      }
      assertEquals(0, ann.position());
      slow.commit();
      poller.poll(all, List.of());
      assertEquals(number, ann.position());
    }
  }

  /**
   * Its id is above the xmax of all snapshots, because no transaction with a later id has ended.
   */
  @Test
  void FR_145_a_slow_transaction_with_the_latest_id_is_awaited() throws Exception {
    try (Connection early = begin();
        Connection slow = begin()) {
      long number = record(slow, ann.userId());
      long other = record(early, bob.userId());
      early.commit();
      for (int i = 0; i < 5; i++) {
        poller.poll(all, List.of());
      }
      assertEquals(other, bob.position());
      slow.commit();
      poller.poll(all, List.of());
      assertEquals(number, ann.position());
    }
  }

  @Test
  void FR_145_a_transaction_that_ran_when_the_poller_began_is_awaited() throws Exception {
    try (Connection slow = begin()) {
      long number = record(slow, ann.userId());
      record(bob);
      EventPoller late = new EventPoller(feed, _ -> {});
      for (int i = 0; i < 5; i++) {
        late.poll(all, List.of());
      }
      slow.commit();
      late.poll(all, List.of());
      assertEquals(number, ann.position());
    }
  }

  @Test
  void FR_145_a_transaction_that_outlasts_a_flood_of_changes_is_awaited() throws Exception {
    UUID busy = database.newUser().save();
    try (Connection slow = begin()) {
      long number = record(slow, ann.userId());
      database.run(
          """
          insert into activity.changes (user_id, entity_type, entity_id, deleted)
          select ?, 'note', gen_random_uuid(), true from generate_series(1, ?)
          """,
          busy,
          ChangeFeed.WINDOW + 1);
      long other = record(bob);
      poller.poll(all, List.of());
      assertEquals(other, bob.position());
      for (int i = 0; i < 3; i++) {
        other = record(bob);
        poller.poll(all, List.of());
        assertEquals(other, bob.position());
      }
      slow.commit();
      poller.poll(all, List.of());
      assertEquals(number, ann.position());
    }
    Eventually.within(
        LIMIT,
        () -> {
          poller.poll(all, List.of());
          return poller.knowsFloor();
        });
    long later = record(ann);
    poller.poll(all, List.of());
    assertEquals(later, ann.position());
  }

  @Test
  void a_user_who_has_just_connected_is_read_although_nothing_is_new() {
    UUID user = database.newUser().save();
    long number = database.number(INSERT, user);
    record(bob);
    Eventually.within(
        LIMIT,
        () -> {
          poller.poll(all, List.of());
          return database.number("select max(seq) from activity.changes") == bob.position();
        });
    UserStreams connected = new UserStreams(user, 0);
    poller.poll(Map.of(user, connected), List.of(connected));
    assertEquals(number, connected.position());
  }

  @Test
  void more_changes_than_one_read_returns_are_read_at_once() {
    database.run(
        """
        insert into activity.changes (user_id, entity_type, entity_id, deleted)
        select ?, 'note', gen_random_uuid(), true from generate_series(1, ?)
        """,
        ann.userId(),
        3 * ChangeFeed.PAGE);
    long number = record(ann);
    poller.poll(all, List.of());
    assertEquals(number, ann.position());
  }
}

package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OpenConnectionsTest {
  private static final int LARGE = 4_000;

  private final AtomicLong now = new AtomicLong();
  private long waitingChecks;

  /** A connection that waits for its client until the test serves it. */
  private final class Connection implements OpenConnections.Connection {
    private final @Nullable String address;
    private long since = now.getAndIncrement();
    private boolean waiting = true;
    private boolean authenticated;
    private boolean aborted;

    Connection(@Nullable String address) {
      this.address = address;
    }

    Connection authenticated() {
      authenticated = true;
      return this;
    }

    void serve() {
      waiting = false;
    }

    void waitAgain() {
      since = now.getAndIncrement();
      waiting = true;
    }

    @Override
    public @Nullable String address() {
      return address;
    }

    @Override
    public boolean wasAuthenticated() {
      return authenticated;
    }

    @Override
    public boolean isWaiting() {
      waitingChecks++;
      return waiting;
    }

    @Override
    public long waitingSince() {
      return since;
    }

    @Override
    public boolean claim() {
      boolean claimed = waiting;
      waiting = false;
      return claimed;
    }

    @Override
    public void abort() {
      aborted = true;
    }

    @Override
    public void abortIfOverdue(long time) {}

    @Override
    public void stop() {}
  }

  private OpenConnections open(int connections, int perAddress) {
    return new OpenConnections(new ConnectionLimits(connections, perAddress, 0), now::get);
  }

  private List<Connection> add(OpenConnections open, int count, @Nullable String address) {
    List<Connection> added = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Connection connection = new Connection(address);
      assertTrue(open.add(connection));
      added.add(connection);
    }
    return added;
  }

  @Test
  void connections_are_closed_in_the_order_in_which_they_began_to_wait() {
    OpenConnections open = open(4, LARGE);
    List<Connection> four = add(open, 4, null);
    four.get(1).serve();
    four.get(1).waitAgain();
    four.get(0).serve();
    four.get(0).waitAgain();
    for (int expected : List.of(2, 3, 1, 0)) {
      add(open, 1, null);
      assertTrue(four.get(expected).aborted, "connection " + expected);
      assertEquals(4, open.size());
    }
    assertEquals(4, open.displaced());
  }

  @Test
  void an_authenticated_connection_is_closed_only_if_no_other_waits() {
    OpenConnections open = open(3, LARGE);
    Connection user = new Connection(null).authenticated();
    open.add(user);
    Connection later = add(open, 1, null).getFirst();
    Connection served = add(open, 1, null).getFirst();
    served.serve();
    // It was placed before it was authenticated.
    Connection newUser = add(open, 1, null).getFirst().authenticated();
    assertTrue(later.aborted);
    Connection last = add(open, 1, null).getFirst();
    assertTrue(user.aborted);
    assertFalse(newUser.aborted);
    add(open, 1, null);
    assertTrue(last.aborted);
    assertFalse(newUser.aborted);
  }

  @Test
  void a_busy_connection_is_not_closed_until_it_waits_again() {
    OpenConnections open = open(2, LARGE);
    List<Connection> served = add(open, 2, null);
    served.forEach(Connection::serve);
    Connection refused = new Connection(null);
    assertFalse(open.add(refused));
    open.remove(refused);
    served.get(1).waitAgain();
    add(open, 1, null);
    assertTrue(served.get(1).aborted);
    assertFalse(served.get(0).aborted);
  }

  @Test
  void the_limit_per_address_closes_only_connections_of_that_address() {
    OpenConnections open = open(LARGE, 2);
    List<Connection> exempt = add(open, 3, null);
    List<Connection> other = add(open, 2, "192.0.2.1");
    List<Connection> same = add(open, 3, "192.0.2.2");
    assertEquals(List.of(true, false, false), same.stream().map(each -> each.aborted).toList());
    for (Connection each : List.of(exempt.getFirst(), other.getFirst())) {
      assertFalse(each.aborted);
    }
    open.remove(same.get(1));
    add(open, 1, "192.0.2.2");
    assertFalse(same.get(2).aborted);
  }

  @Test
  void concurrently_added_connections_keep_the_limits() throws Exception {
    OpenConnections open = open(100, 60);
    List<Future<List<Connection>>> adding = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      for (String address : List.of("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3")) {
        adding.add(executor.submit(() -> add(open, LARGE / 4, address)));
      }
    }
    long left = 0;
    for (Future<List<Connection>> added : adding) {
      left += added.get().stream().filter(each -> !each.aborted).count();
    }
    assertEquals(100, left);
    assertEquals(100, open.size());
    assertEquals(LARGE - 100, open.displaced());
  }

  /** Otherwise short-lived connections cost the service more than their requests. */
  @Test
  void finding_the_connection_to_close_does_not_visit_all() {
    OpenConnections open = open(LARGE, LARGE);
    List<Connection> streams = add(open, LARGE / 2, "192.0.2.1");
    streams.forEach(Connection::serve);
    List<Connection> users = add(open, LARGE / 4, "192.0.2.2");
    users.forEach(Connection::authenticated);
    add(open, LARGE / 4, "192.0.2.3");
    waitingChecks = 0;
    for (int i = 0; i < LARGE; i++) {
      if (i % 4 == 0) {
        Connection active = users.get(i % users.size());
        active.serve();
        active.waitAgain();
      }
      add(open, 1, "192.0.2.3");
    }
    assertTrue(
        waitingChecks < 10L * LARGE,
        waitingChecks + " waitingChecks for " + LARGE + " connections");
    assertEquals(LARGE, open.displaced());
    assertFalse(streams.stream().anyMatch(each -> each.aborted));
    assertFalse(users.stream().anyMatch(each -> each.aborted));
  }
}

package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.http.connection.TransferBudget.Account;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TransferBudgetTest {
  private static final long KIB = 1024;
  private static final long CAPACITY = 1_024 * KIB;

  private final TransferBudget budget = new TransferBudget(CAPACITY);

  /** A connection that waits for its client, unless it is being served. */
  private static final class Connection implements TransferBudget.Holder {
    private final long since;
    private final AtomicInteger aborts = new AtomicInteger();
    private boolean served;
    private boolean claimed;

    Connection(long since) {
      this.since = since;
    }

    @Override
    public long waitingSince() {
      return since;
    }

    @Override
    public boolean claim() {
      boolean first = !served && !claimed;
      claimed |= first;
      return first;
    }

    @Override
    public void abort() {
      aborts.incrementAndGet();
    }

    boolean isAborted() {
      return aborts.get() > 0;
    }
  }

  private Account user(Connection connection, long bytes) {
    Account account = budget.open(connection);
    account.authenticated(true);
    assertTrue(account.reserve(bytes));
    return account;
  }

  private Account anonymous(Connection connection, long bytes) {
    Account account = budget.open(connection);
    assertTrue(account.reserve(bytes));
    return account;
  }

  @Test
  void released_bytes_can_be_reserved_again() {
    Account account = user(new Connection(1), CAPACITY);
    assertFalse(account.reserve(1));
    account.release(KIB);
    assertTrue(account.reserve(KIB));
    account.close();
    assertEquals(0, budget.held());
  }

  @Test
  void a_release_is_limited_to_the_reserved_bytes() {
    Account account = user(new Connection(1), 100);
    account.release(1_000);
    assertEquals(0, budget.held());
  }

  @Test
  void the_longest_waiting_connections_are_closed_until_a_quarter_is_free() {
    List<Connection> waiting = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      waiting.add(new Connection(i));
      anonymous(waiting.getLast(), CAPACITY / 32);
    }
    Connection requester = new Connection(9);
    anonymous(requester, KIB);
    assertEquals(3, waiting.stream().filter(Connection::isAborted).count());
    assertTrue(waiting.subList(0, 3).stream().allMatch(Connection::isAborted));
    assertFalse(requester.isAborted());
    assertEquals(5 * CAPACITY / 32 + KIB, budget.held());
    assertEquals(3, budget.displaced());
  }

  @Test
  void no_more_authenticated_requests_are_closed_than_necessary() {
    Connection first = new Connection(1);
    Connection second = new Connection(2);
    user(second, CAPACITY / 2);
    user(first, CAPACITY / 2);
    user(new Connection(3), KIB);
    assertTrue(first.isAborted());
    assertFalse(second.isAborted());
  }

  @Test
  void a_connection_that_is_being_served_is_not_closed() {
    Connection served = new Connection(1);
    served.served = true;
    user(served, CAPACITY);
    Account requester = budget.open(new Connection(2));
    requester.authenticated(true);
    assertFalse(requester.reserve(1));
    assertFalse(served.isAborted());
    assertEquals(CAPACITY, budget.held());
  }

  @Test
  void unauthenticated_requests_get_a_quarter_and_never_displace_authenticated_ones() {
    Connection known = new Connection(1);
    user(known, CAPACITY / 2);
    Connection unknown = new Connection(2);
    anonymous(unknown, CAPACITY / 4);
    Connection requester = new Connection(3);
    anonymous(requester, CAPACITY / 8);
    assertTrue(unknown.isAborted());
    assertFalse(known.isAborted());
  }

  @Test
  void unauthenticated_requests_make_room_for_an_authenticated_one() {
    Connection known = new Connection(1);
    user(known, 3 * CAPACITY / 4);
    Connection unknown = new Connection(2);
    anonymous(unknown, CAPACITY / 4);
    assertEquals(CAPACITY, budget.held());
    user(new Connection(3), CAPACITY / 16);
    assertTrue(unknown.isAborted());
    assertFalse(known.isAborted());
  }

  @Test
  void unauthenticated_requests_above_their_share_are_closed_first() {
    Connection small = new Connection(1);
    anonymous(small, TransferBudget.ANONYMOUS_SHARE);
    Connection large = new Connection(2);
    anonymous(large, 2 * TransferBudget.ANONYMOUS_SHARE);
    anonymous(new Connection(3), TransferBudget.ANONYMOUS_SHARE + 1);
    assertTrue(large.isAborted());
    assertFalse(small.isAborted());
  }

  @Test
  void a_reservation_follows_a_change_of_authentication() {
    Connection connection = new Connection(1);
    Account account = anonymous(connection, CAPACITY / 4);
    account.authenticated(true);
    Connection other = new Connection(2);
    anonymous(other, CAPACITY / 4);
    assertFalse(connection.isAborted());
    assertFalse(other.isAborted());
    account.authenticated(false);
    anonymous(new Connection(3), KIB);
    assertTrue(connection.isAborted());
  }

  @Test
  void an_answer_in_memory_is_counted_even_above_the_capacity() {
    Connection served = new Connection(1);
    served.served = true;
    user(served, CAPACITY);
    Account answer = budget.open(new Connection(2));
    answer.hold(KIB);
    assertEquals(CAPACITY + KIB, budget.held());
    answer.release(KIB);
    assertEquals(CAPACITY, budget.held());
  }

  @Test
  void a_closed_connection_holds_nothing_even_if_its_thread_continues() {
    Connection connection = new Connection(1);
    Account account = user(connection, CAPACITY);
    user(new Connection(2), KIB);
    assertTrue(connection.isAborted());
    assertFalse(account.reserve(1));
    account.hold(1);
    account.release(KIB);
    account.close();
    assertEquals(KIB, budget.held());
  }

  @Test
  void concurrent_reservations_do_not_exceed_the_capacity() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        boolean known = i % 2 == 0;
        all.add(
            threads.submit(
                () -> {
                  for (int round = 0; round < 200; round++) {
                    Account account = budget.open(new Connection(round));
                    account.authenticated(known);
                    account.reserve(40 * KIB);
                    assertTrue(budget.held() <= CAPACITY);
                    account.close();
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    assertEquals(0, budget.held());
  }

  @Test
  void limits_follow_the_heap() {
    assertEquals(
        new ConnectionLimits(2_048, 500, 32L << 20), ConnectionLimits.ofHeap(256L << 20, 500));
    assertEquals(
        new ConnectionLimits(7_500, 500, 1L << 29), ConnectionLimits.ofHeap(4L << 30, 500));
    assertEquals(1_364, ConnectionLimits.ofHeap(256L << 20, 500).streams());
    assertEquals(5_000, ConnectionLimits.ofHeap(4L << 30, 500).streams());
  }
}

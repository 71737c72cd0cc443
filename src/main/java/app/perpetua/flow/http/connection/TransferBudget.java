package app.perpetua.flow.http.connection;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bounds the memory of unfinished requests and unread answers over all connections. Requests
 * without a token get a quarter of it. When it is used up, connections that wait for their client
 * are closed. Those whose request has no token go first, until a quarter is free again: of these
 * first the ones with more than their share, and of equals first the one that has waited longest. A
 * request without a token never takes the place of one with a token. Thread-safe.
 */
final class TransferBudget {
  /** What an unauthenticated request may hold without being among the first to be closed. */
  static final long ANONYMOUS_SHARE = 64 * 1024;

  /** A connection, as far as this budget is concerned. */
  interface Holder {
    /** When it began to wait for its client, in nanoseconds of a common clock. */
    long waitingSince();

    /**
     * True, once, if it waits for its client at this moment: it will transfer nothing more, and the
     * caller must {@link #cut} it.
     */
    boolean claim();

    /** Closes the connection. */
    void cut();
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Account> accounts = new HashSet<>();
  private final LongAdder displaced = new LongAdder();
  private final long capacity;
  private final long anonymousCapacity;
  private long held;
  private long heldAnonymously;

  /**
   * @param capacity in bytes
   */
  TransferBudget(long capacity) {
    this.capacity = capacity;
    this.anonymousCapacity = capacity / 4;
  }

  /** An account that holds nothing, of a client that nobody knows yet. */
  Account open(Holder holder) {
    return new Account(holder);
  }

  /** Bytes held at this moment. */
  long held() {
    lock.lock();
    try {
      return held;
    } finally {
      lock.unlock();
    }
  }

  /** How many connections were closed to make room. */
  long displaced() {
    return displaced.sum();
  }

  /** What one connection holds. Changed by the connection's thread alone. */
  final class Account {
    private final Holder holder;
    private long bytes;
    private boolean authenticated;
    private boolean closed;

    private Account(Holder holder) {
      this.holder = holder;
    }

    /** Takes so many bytes more; false, and nothing taken, if no room can be made for them. */
    boolean reserve(long more) {
      return add(more, false);
    }

    /** Takes so many bytes more, which are in memory already, and makes room as far as possible. */
    void hold(long more) {
      add(more, true);
    }

    private boolean add(long more, boolean always) {
      List<Holder> closing = new ArrayList<>();
      lock.lock();
      try {
        if (!fits(more)) {
          makeRoom(this, more, closing);
        }
        if (closed || !(always || fits(more))) {
          return false;
        }
        change(more);
        return true;
      } finally {
        lock.unlock();
        closing.forEach(Holder::cut);
      }
    }

    /** Gives bytes back. */
    void release(long fewer) {
      lock.lock();
      try {
        change(-Math.min(fewer, bytes));
      } finally {
        lock.unlock();
      }
    }

    /** Counts what it holds, and will hold, as an authenticated user's, or as nobody's. */
    void authenticated(boolean known) {
      if (authenticated == known) {
        return;
      }
      lock.lock();
      try {
        long moved = bytes;
        change(-moved);
        authenticated = known;
        change(moved);
      } finally {
        lock.unlock();
      }
    }

    /** Gives everything back, for good. */
    void close() {
      lock.lock();
      try {
        change(-bytes);
        closed = true;
      } finally {
        lock.unlock();
      }
    }

    private boolean fits(long more) {
      return held + more <= capacity
          && (authenticated || heldAnonymously + more <= anonymousCapacity);
    }

    private void change(long by) {
      bytes += by;
      held += by;
      if (!authenticated) {
        heldAnonymously += by;
      }
      if (bytes > 0) {
        accounts.add(this);
      } else {
        accounts.remove(this);
      }
    }

    private boolean isOverShare() {
      return !authenticated && bytes > ANONYMOUS_SHARE;
    }
  }

  private void makeRoom(Account asking, long more, List<Holder> closing) {
    List<Account> candidates =
        accounts.stream()
            .filter(account -> account != asking)
            .filter(account -> asking.authenticated || !account.authenticated)
            .sorted(
                Comparator.comparing((Account account) -> account.authenticated)
                    .thenComparing(account -> !account.isOverShare())
                    .thenComparingLong(account -> account.holder.waitingSince()))
            .toList();
    for (Account candidate : candidates) {
      if (candidate.authenticated ? asking.fits(more) : hasRoom(asking, more)) {
        return;
      }
      if (candidate.holder.claim()) {
        closing.add(candidate.holder);
        candidate.change(-candidate.bytes);
        candidate.closed = true;
        displaced.increment();
      }
    }
  }

  private boolean hasRoom(Account asking, long more) {
    return held + more <= capacity - capacity / 4
        && (asking.authenticated
            || heldAnonymously + more <= anonymousCapacity - anonymousCapacity / 4);
  }
}

package app.perpetua.flow.http.connection;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/**
 * Limits the memory of unfinished requests and unread responses over all connections; requests
 * without a token are limited to a quarter of it. When it is used up, connections that wait for
 * their client are closed: first those without a token, until a quarter is free again, and of these
 * first the ones over their share, then those that have waited longest. A request without a token
 * never displaces one with a token. Thread-safe.
 */
final class TransferBudget {
  /** Unauthenticated requests that hold more bytes than this are closed first. */
  static final long ANONYMOUS_SHARE = 64 * 1024;

  /** The connection of an account. */
  interface Holder {
    /** When it began to wait for its client, in nanoseconds on a common clock. */
    long waitingSince();

    /**
     * Claims a connection that waits for its client. Returns true once; the connection then
     * transfers nothing more, and the caller must {@link #abort} it.
     */
    boolean claim();

    void abort();
  }

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

  /** Opens an empty account of an unauthenticated client. */
  Account open(Holder holder) {
    return new Account(holder);
  }

  /** Bytes held by all accounts. */
  synchronized long held() {
    return held;
  }

  /** The number of connections closed to make room. */
  long displaced() {
    return displaced.sum();
  }

  /** The bytes that one connection holds. Used by the connection's thread only. */
  final class Account {
    private final Holder holder;
    private long bytes;
    private boolean authenticated;
    private boolean closed;

    private Account(Holder holder) {
      this.holder = holder;
    }

    /** Reserves bytes; false, without reserving any, if no room can be made. */
    boolean reserve(long more) {
      return add(more, false);
    }

    /** Counts bytes that are in memory already; makes room if possible. */
    void hold(long more) {
      add(more, true);
    }

    private boolean add(long more, boolean always) {
      List<Holder> closing = new ArrayList<>();
      boolean added;
      synchronized (TransferBudget.this) {
        if (!fits(more)) {
          makeRoom(this, more, closing);
        }
        added = !closed && (always || fits(more));
        if (added) {
          change(more);
        }
      }
      closing.forEach(Holder::abort);
      return added;
    }

    void release(long fewer) {
      synchronized (TransferBudget.this) {
        change(-Math.min(fewer, bytes));
      }
    }

    /** Sets whether its bytes, present and future, count as authenticated. */
    void authenticated(boolean value) {
      if (authenticated == value) {
        return;
      }
      synchronized (TransferBudget.this) {
        long moved = bytes;
        change(-moved);
        authenticated = value;
        change(moved);
      }
    }

    /** Releases all bytes; later changes have no effect. */
    void close() {
      synchronized (TransferBudget.this) {
        change(-bytes);
        closed = true;
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

  private void makeRoom(Account requester, long more, List<Holder> closing) {
    List<Account> candidates =
        accounts.stream()
            .filter(account -> account != requester)
            .filter(account -> requester.authenticated || !account.authenticated)
            .sorted(
                Comparator.comparing((Account account) -> account.authenticated)
                    .thenComparing(account -> !account.isOverShare())
                    .thenComparingLong(account -> account.holder.waitingSince()))
            .toList();
    for (Account candidate : candidates) {
      if (candidate.authenticated ? requester.fits(more) : hasRoom(requester, more)) {
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

  private boolean hasRoom(Account requester, long more) {
    return held + more <= capacity - capacity / 4
        && (requester.authenticated
            || heldAnonymously + more <= anonymousCapacity - anonymousCapacity / 4);
  }
}

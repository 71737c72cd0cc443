package app.perpetua.flow.http.connection;

/**
 * Counts the bytes of a connection's unfinished request towards the {@link TransferBudget}, in
 * steps. Used by the connection's thread only.
 */
final class InputBudget {
  /** Requests up to this size are not counted. */
  private static final int UNCOUNTED_BYTES = 8 * 1024;

  /** Memory of a read besides its bytes: an array header and an entry of Helidon's list. */
  private static final int READ_OVERHEAD = 64;

  private final TransferBudget.Account account;
  private long weight;
  private long counted;

  InputBudget(TransferBudget.Account account) {
    this.account = account;
  }

  /** Adds the bytes of one read; false if the budget is used up. */
  boolean add(int bytes) {
    weight += bytes + READ_OVERHEAD;
    if (weight <= UNCOUNTED_BYTES + counted) {
      return true;
    }
    long step = Math.ceilDiv(weight - UNCOUNTED_BYTES - counted, UNCOUNTED_BYTES) * UNCOUNTED_BYTES;
    if (!account.reserve(step)) {
      return false;
    }
    counted += step;
    return true;
  }

  /** Releases what has been counted. */
  void release() {
    weight = 0;
    if (counted > 0) {
      account.release(counted);
      counted = 0;
    }
  }
}

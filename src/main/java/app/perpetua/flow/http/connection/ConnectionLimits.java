package app.perpetua.flow.http.connection;

/**
 * Limits on the resources that clients hold.
 *
 * @param connections open at once
 * @param perAddress open at once from one address; trusted proxies are exempt
 * @param bytes of unfinished requests and unread responses, over all connections
 */
public record ConnectionLimits(int connections, int perAddress, long bytes) {
  private static final int MAX_CONNECTIONS = 5_000;

  /**
   * An idle connection takes about 25 KiB, and up to 16 KiB of a request and its response are not
   * counted, so all connections together stay below a third of the heap.
   */
  private static final long HEAP_BYTES_PER_CONNECTION = 128 * 1024;

  private static final long HEAP_SHARE = 8;

  /** Limits that a heap of this size can hold. */
  public static ConnectionLimits ofHeap(long heapBytes, int perAddress) {
    return new ConnectionLimits(
        (int) Math.min(MAX_CONNECTIONS, heapBytes / HEAP_BYTES_PER_CONNECTION),
        perAddress,
        heapBytes / HEAP_SHARE);
  }
}

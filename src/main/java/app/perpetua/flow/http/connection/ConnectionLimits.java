package app.perpetua.flow.http.connection;

/**
 * What clients may take of this process, whatever they send.
 *
 * @param connections that are open at once
 * @param perAddress that are open at once from one address; trusted proxies are exempt
 * @param bytes of unfinished requests and unread answers, over all connections
 */
public record ConnectionLimits(int connections, int perAddress, long bytes) {
  /** However large the heap. */
  private static final int MAX_CONNECTIONS = 5_000;

  /**
   * An idle connection takes some 25 KiB, and up to 16 KiB of a request and its answer are not
   * counted; so all connections together stay below a third of the heap.
   */
  private static final long HEAP_BYTES_PER_CONNECTION = 128 * 1024;

  private static final long HEAP_SHARE = 8;

  /** Limits that keep a heap of that many bytes from running full. */
  public static ConnectionLimits ofHeap(long heapBytes, int perAddress) {
    return new ConnectionLimits(
        (int) Math.min(MAX_CONNECTIONS, heapBytes / HEAP_BYTES_PER_CONNECTION),
        perAddress,
        heapBytes / HEAP_SHARE);
  }
}

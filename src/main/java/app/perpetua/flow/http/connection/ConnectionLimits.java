package app.perpetua.flow.http.connection;

/**
 * Limits on the resources that clients hold.
 *
 * @param connections open at once
 * @param perAddress open at once from one address; trusted proxies are exempt
 * @param bytes of unfinished requests and unread responses, over all connections
 */
public record ConnectionLimits(int connections, int perAddress, long bytes) {
  private static final int MAX_CONNECTIONS = 7_500;

  /**
   * An idle connection takes about 25 KiB, and up to 16 KiB of a request and its response are not
   * counted, so all connections together stay below a third of the heap.
   */
  private static final long HEAP_BYTES_PER_CONNECTION = 128 * 1024;

  private static final long HEAP_SHARE = 8;

  /** Limits of this process. */
  public static ConnectionLimits ofThisProcess(int perAddress) {
    return ofHeap(Runtime.getRuntime().maxMemory(), perAddress);
  }

  /**
   * Connections whose request may stay open. They are not closed to make room for others, so the
   * rest is left to other requests.
   */
  public int streams() {
    return connections / 3 * 2;
  }

  /** Limits that a heap of this size can hold. */
  public static ConnectionLimits ofHeap(long heapBytes, int perAddress) {
    return new ConnectionLimits(
        (int) Math.min(MAX_CONNECTIONS, heapBytes / HEAP_BYTES_PER_CONNECTION),
        perAddress,
        heapBytes / HEAP_SHARE);
  }
}

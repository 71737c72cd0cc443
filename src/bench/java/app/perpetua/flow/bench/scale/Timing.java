package app.perpetua.flow.bench.scale;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/**
 * The median time of a request that is repeated, one at a time.
 *
 * @param millis time from sending the request to the end of the answer; the time of a refused
 *     request says nothing
 * @param status the status of the last answer
 */
record Timing(double millis, int status) {
  /** A request to one user's data. */
  interface Request {
    /** Sends it, reads the answer and returns its status. */
    int send() throws IOException;
  }

  private static final int WARM_UPS = 20;
  private static final int TIMES = 61;

  /** A slow request is repeated less often. */
  private static final long LIMIT_NANOS = 3_000_000_000L;

  static Timing of(Request request) throws IOException {
    return inTurn(request)[0];
  }

  /** Measures requests in turn, so that a change of the machine's speed affects all. */
  static Timing[] inTurn(Request... requests) throws IOException {
    repeat(WARM_UPS, requests);
    return repeat(TIMES, requests);
  }

  private static Timing[] repeat(int times, Request... requests) throws IOException {
    long begun = System.nanoTime();
    double[][] millis = new double[requests.length][times];
    int[] status = new int[requests.length];
    int done = 0;
    while (done < times && (done < 3 || System.nanoTime() - begun < LIMIT_NANOS)) {
      for (int i = 0; i < requests.length; i++) {
        long start = System.nanoTime();
        status[i] = requests[i].send();
        millis[i][done] = (System.nanoTime() - start) / 1e6;
      }
      done++;
    }
    Timing[] timings = new Timing[requests.length];
    for (int i = 0; i < requests.length; i++) {
      double[] sorted = Arrays.copyOf(millis[i], done);
      Arrays.sort(sorted);
      timings[i] = new Timing(sorted[done / 2], status[i]);
    }
    return timings;
  }

  boolean isBelow(double limitMillis) {
    return status == 200 && millis < limitMillis;
  }

  boolean isAtMost(double factor, Timing other) {
    return status == 200 && other.status == 200 && millis <= factor * other.millis;
  }

  /** The time, or the status if it is not 200. */
  @Override
  public String toString() {
    return status == 200 ? String.format(Locale.ROOT, "%.2f", millis) : "status " + status;
  }
}

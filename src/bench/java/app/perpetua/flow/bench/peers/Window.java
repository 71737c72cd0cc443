package app.perpetua.flow.bench.peers;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What a window of measuring found.
 *
 * @param perSecond answers a second
 * @param p50 median latency in milliseconds
 * @param p99 latency that 99 % of the requests did not exceed, in milliseconds
 * @param serverMicros processor time of the server per request, in microseconds
 * @param postgresMicros processor time of PostgreSQL per request, in microseconds
 * @param others processor time that other programs took, in percent of one core
 */
record Window(
    double perSecond,
    double p50,
    double p99,
    double serverMicros,
    double postgresMicros,
    double others) {
  /** The median of each figure, each on its own. */
  static Window median(List<Window> windows) {
    return new Window(
        median(windows, Window::perSecond),
        median(windows, Window::p50),
        median(windows, Window::p99),
        median(windows, Window::serverMicros),
        median(windows, Window::postgresMicros),
        median(windows, Window::others));
  }

  private static double median(List<Window> windows, ToDoubleFunction<Window> figure) {
    double[] sorted = windows.stream().mapToDouble(figure).sorted().toArray();
    int middle = sorted.length / 2;
    return Arrays.stream(sorted, (sorted.length - 1) / 2, middle + 1).average().orElseThrow();
  }
}

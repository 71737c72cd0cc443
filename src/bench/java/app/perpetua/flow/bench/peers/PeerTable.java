package app.perpetua.flow.bench.peers;

import java.util.Comparator;
import java.util.Formatter;
import java.util.Locale;
import java.util.Map;

/** The part of the report about one operation. */
final class PeerTable {
  private static final double FASTAPI_TARGET = 3;
  private static final double FASTIFY_TARGET = 1.5;
  private static final double P99_TARGET = 1;
  private static final double FORMER_TARGET = 0.95;

  private PeerTable() {}

  /** The figures of each server, then the ratios of ours to the better one of each stack. */
  static String of(PeerOperation operation, Map<Peer, Window> measured) {
    Formatter text = new Formatter(Locale.ROOT);
    text.format(
        "%-20s %10s %8s %8s   %s%n",
        operation.title(),
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU µs a request: server, PostgreSQL");
    measured.forEach(
        (peer, window) ->
            text.format(
                "  %-18s %10.0f %8.2f %8.2f   %.0f, %.0f%n",
                peer.title(),
                window.perSecond(),
                window.p50(),
                window.p99(),
                window.serverMicros(),
                window.postgresMicros()));
    Window ours = of(Peer.Stack.OURS, measured, Comparator.comparingDouble(Window::perSecond));
    if (has(Peer.Stack.FORMER, measured)) {
      rate(text, ours, Peer.Stack.FORMER, measured, FORMER_TARGET);
    }
    if (has(Peer.Stack.FASTAPI, measured)) {
      rate(text, ours, Peer.Stack.FASTAPI, measured, FASTAPI_TARGET);
    }
    if (has(Peer.Stack.FASTIFY, measured)) {
      rate(text, ours, Peer.Stack.FASTIFY, measured, FASTIFY_TARGET);
      Window calmest =
          of(Peer.Stack.FASTIFY, measured, Comparator.comparingDouble(Window::p99).reversed());
      double ratio = ours.p99() / calmest.p99();
      text.format(
          "  %.2f × Fastify's better p99, target ≤ %.1f: %s%n",
          ratio, P99_TARGET, verdict(ratio <= P99_TARGET));
    }
    return text.toString();
  }

  private static void rate(
      Formatter text, Window ours, Peer.Stack stack, Map<Peer, Window> measured, double target) {
    Window fastest = of(stack, measured, Comparator.comparingDouble(Window::perSecond));
    double ratio = ours.perSecond() / fastest.perSecond();
    text.format(
        "  %.2f × %s's better rate, target ≥ %s: %s%n",
        ratio, stack.title(), target, verdict(ratio >= target));
  }

  private static boolean has(Peer.Stack stack, Map<Peer, Window> measured) {
    return measured.keySet().stream().anyMatch(peer -> peer.stack() == stack);
  }

  private static Window of(
      Peer.Stack stack, Map<Peer, Window> measured, Comparator<Window> better) {
    return measured.entrySet().stream()
        .filter(entry -> entry.getKey().stack() == stack)
        .map(Map.Entry::getValue)
        .max(better)
        .orElseThrow();
  }

  private static String verdict(boolean met) {
    return met ? "met" : "MISSED";
  }
}

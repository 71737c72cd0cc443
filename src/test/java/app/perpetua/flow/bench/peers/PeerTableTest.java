package app.perpetua.flow.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PeerTableTest {
  private final Map<Peer, Window> measured = new LinkedHashMap<>();

  @Test
  void ours_is_compared_with_the_better_one_of_each_stack() {
    measured(Peer.Stack.OURS, 0, 3000, 30);
    measured(Peer.Stack.FASTAPI, 1, 600, 200);
    measured(Peer.Stack.FASTAPI, 2, 1000, 100);
    measured(Peer.Stack.FASTIFY, 1, 2400, 20);
    measured(Peer.Stack.FASTIFY, 2, 2000, 60);

    assertEquals(
        List.of(
            "  3.00 × FastAPI's better rate, target ≥ 3.0: met",
            "  1.25 × Fastify's better rate, target ≥ 1.5: MISSED",
            "  1.50 × Fastify's better p99, target ≤ 1.0: MISSED"),
        ratios());
  }

  @Test
  void a_stack_that_is_not_installed_is_left_out() {
    measured(Peer.Stack.OURS, 0, 3000, 30);
    measured(Peer.Stack.FASTIFY, 2, 2000, 60);

    assertEquals(
        List.of(
            "  1.50 × Fastify's better rate, target ≥ 1.5: met",
            "  0.50 × Fastify's better p99, target ≤ 1.0: met"),
        ratios());
    assertFalse(PeerTable.of(PeerOperation.GET, measured).contains("FastAPI"));
  }

  @Test
  void ours_is_compared_with_an_earlier_release() {
    measured(Peer.Stack.OURS, 0, 950, 30);
    measured(Peer.Stack.FORMER, 0, 1000, 30);

    assertEquals(
        List.of("  0.95 × the earlier release's better rate, target ≥ 0.95: met"), ratios());
  }

  @Test
  void the_median_of_rounds_is_that_of_each_figure() {
    assertEquals(
        new Window(2, 20, 300, 4000, 50000, 6),
        Window.median(
            List.of(
                new Window(1, 20, 900, 4000, 50000, 6),
                new Window(2, 30, 300, 1000, 60000, 5),
                new Window(3, 10, 100, 9000, 10000, 7))));
  }

  private List<String> ratios() {
    return PeerTable.of(PeerOperation.GET, measured)
        .lines()
        .filter(line -> line.contains("×"))
        .toList();
  }

  private void measured(Peer.Stack stack, int workers, double perSecond, double p99) {
    measured.put(
        new Peer(stack, workers, "unused", "unused", 0, 0, () -> {}),
        new Window(perSecond, 1, p99, 1, 1, 0));
  }
}

package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.CheckResult;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** FR-113: how the results of connection checks are printed. */
class ConnectionChecksTest {
  private static final Duration AGES = Duration.ofMinutes(5);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

  private boolean print(ConnectionChecks checks) throws InterruptedException {
    return checks.print(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(progress, true, StandardCharsets.UTF_8));
  }

  private static List<String> lines(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void results_are_printed_in_order_although_the_attempts_run_at_once() throws Exception {
    ConnectionChecks checks = new ConnectionChecks(AGES, AGES);
    CountDownLatch last = new CountDownLatch(1);
    checks.add(
        "first",
        () -> {
          last.await();
          return CheckResult.ok("it works");
        });
    checks.add("second", () -> CheckResult.skipped("not configured: X is not set"));
    checks.add(
        "third",
        () -> {
          last.countDown();
          return CheckResult.ok("it works too");
        });
    assertTrue(print(checks));
    assertEquals(
        List.of(
            "ok first ms it works",
            "skipped second not configured: X is not set",
            "ok third ms it works too"),
        lines(out).stream()
            .map(line -> line.strip().replaceAll("\\b[0-9]+ (?=ms)", "").replaceAll(" +", " "))
            .toList());
    assertEquals(List.of(), lines(progress));
  }

  @Test
  void a_failure_is_printed_and_does_not_end_the_others() throws Exception {
    ConnectionChecks checks = new ConnectionChecks(AGES, AGES);
    checks.add("broken", () -> CheckResult.failed("it does not work; correct X"));
    checks.add(
        "defect",
        () -> {
          throw new IllegalStateException("with a secret");
        });
    checks.add("good", () -> CheckResult.ok("it works"));
    assertFalse(print(checks));
    List<String> lines = lines(out);
    assertEquals(3, lines.size(), lines::toString);
    assertTrue(lines.get(0).startsWith("  failed   broken "), lines::toString);
    assertTrue(lines.get(1).startsWith("  failed   defect "), lines::toString);
    assertTrue(lines.get(2).startsWith("  ok       good "), lines::toString);
    assertFalse(lines.toString().contains("secret"), lines::toString);
  }

  @Test
  void attempts_that_do_not_end_are_named_meanwhile_and_fail_together_in_time() throws Exception {
    ConnectionChecks checks = new ConnectionChecks(Duration.ofSeconds(1), Duration.ofMillis(300));
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(2);
    for (String name : List.of("slow", "slower")) {
      checks.add(
          name,
          () -> {
            try {
              never.await();
            } finally {
              interrupted.countDown();
            }
            return CheckResult.ok("never");
          });
    }
    checks.add("quick", () -> CheckResult.ok("it works"));
    assertFalse(print(checks));
    interrupted.await();
    assertTrue(
        lines(progress).getFirst().startsWith("  waiting for slow, slower"), progress::toString);
    List<String> lines = lines(out);
    assertTrue(lines.get(0).endsWith("no result within 1 s"), lines::toString);
    assertTrue(lines.get(1).endsWith("no result within 1 s"), lines::toString);
    assertTrue(lines.get(2).startsWith("  ok       quick "), lines::toString);
  }
}

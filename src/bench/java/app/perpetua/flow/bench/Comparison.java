package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.process.CpuTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Totals over all windows of one operation. Confined to one thread. */
final class Comparison {
  private final Latencies latencies = new Latencies();
  private @Nullable CpuTime serviceCpu;
  private @Nullable CpuTime pgbenchCpu;
  private long transactions;
  private double pgbenchSeconds;

  void service(Latencies window, CpuTime cpu) {
    latencies.add(window);
    serviceCpu = serviceCpu == null ? cpu : serviceCpu.plus(cpu);
  }

  void pgbench(PgBench.Result window, CpuTime cpu) {
    transactions += window.transactions();
    pgbenchSeconds += window.transactions() / window.perSecond();
    pgbenchCpu = pgbenchCpu == null ? cpu : pgbenchCpu.plus(cpu);
  }

  Latencies latencies() {
    return latencies;
  }

  CpuTime serviceCpu() {
    return Objects.requireNonNull(serviceCpu);
  }

  CpuTime pgbenchCpu() {
    return Objects.requireNonNull(pgbenchCpu);
  }

  long transactions() {
    return transactions;
  }

  double servicePerSecond() {
    return latencies.size() / (serviceCpu().nanos() / 1e9);
  }

  double pgbenchPerSecond() {
    return transactions / pgbenchSeconds;
  }

  double ratio() {
    return servicePerSecond() / pgbenchPerSecond();
  }
}

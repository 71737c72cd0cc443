package app.perpetua.flow.bench.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Processor time used so far, in Linux's ticks of 10 ms.
 *
 * @param driver this process
 * @param pgbench ended child processes of this process; during a measurement, only pgbench or wrk
 * @param service the measured server and its worker processes; 0 if there is none
 * @param postgres all PostgreSQL processes, including those that have ended
 * @param busy the whole machine
 * @param nanos {@code System.nanoTime()} of the reading
 */
public record CpuTime(
    long driver, long pgbench, long service, long postgres, long busy, long nanos) {
  private static final long TICK_MILLIS = 10;

  /** Fields of /proc/PID/stat (proc(5)), counted from the field after the command. */
  private static final int UTIME = 11;

  private static final int STIME = 12;
  private static final int CUTIME = 13;
  private static final int CSTIME = 14;

  /** Of /proc/stat: user, nice, system, then idle and iowait, then interrupts. */
  private static final int[] BUSY = {1, 2, 3, 6, 7, 8};

  public static CpuTime of(long service, long postmaster) {
    long[] own = stat(ProcessHandle.current().pid());
    return new CpuTime(
        own[UTIME] + own[STIME],
        own[CUTIME] + own[CSTIME],
        service == 0 ? 0 : family(service),
        family(postmaster),
        machine(),
        System.nanoTime());
  }

  public CpuTime since(CpuTime start) {
    return new CpuTime(
        driver - start.driver,
        pgbench - start.pgbench,
        service - start.service,
        postgres - start.postgres,
        busy - start.busy,
        nanos - start.nanos);
  }

  public CpuTime plus(CpuTime other) {
    return new CpuTime(
        driver + other.driver,
        pgbench + other.pgbench,
        service + other.service,
        postgres + other.postgres,
        busy + other.busy,
        nanos + other.nanos);
  }

  /** Processor time of processes that are not part of the benchmark. */
  public long others() {
    return Math.max(0, busy - driver - pgbench - service - postgres);
  }

  /** Percent of all cores. */
  public double percent(long ticks) {
    int cores = Runtime.getRuntime().availableProcessors();
    return 100.0 * ticks * TICK_MILLIS * 1_000_000 / nanos / cores;
  }

  /** Microseconds per request. */
  public static double each(long ticks, long requests) {
    return ticks * TICK_MILLIS * 1_000.0 / Math.max(1, requests);
  }

  private static long living(long pid) {
    long[] stat = stat(pid);
    return stat[UTIME] + stat[STIME];
  }

  /** Includes ended children, whose time is added to that of their parent. */
  private static long family(long parent) {
    long[] first = stat(parent);
    long sum = first[UTIME] + first[STIME] + first[CUTIME] + first[CSTIME];
    for (ProcessHandle child :
        ProcessHandle.of(parent).stream().flatMap(ProcessHandle::children).toList()) {
      sum += living(child.pid());
    }
    return sum;
  }

  private static long[] stat(long pid) {
    try {
      String text = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = text.substring(text.lastIndexOf(')') + 2).strip().split(" ", -1);
      return Arrays.stream(fields)
          .mapToLong(field -> field.matches("\\d{1,18}") ? Long.parseLong(field) : 0)
          .toArray();
    } catch (IOException e) {
      // The process has ended since it was listed; its time is now included in its parent's.
      return new long[CSTIME + 1];
    }
  }

  private static long machine() {
    try {
      String[] fields =
          Files.readString(Path.of("/proc/stat"))
              .lines()
              .findFirst()
              .orElseThrow()
              .split("\\s+", -1);
      return Arrays.stream(BUSY).mapToLong(i -> Long.parseLong(fields[i])).sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

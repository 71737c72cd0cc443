package app.perpetua.flow.bench.peers;

import app.perpetua.flow.bench.process.CpuTime;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures each operation of all servers in windows that take turns, so that a change of the
 * machine's speed affects all. All servers run, and only one is busy. Confined to one thread.
 */
final class Rounds {
  /** A rate is steady if those of the next two windows differ by less from the one before each. */
  private static final double STEADY = 0.03;

  /** A window is repeated if other programs took more of one core than this, in percent. */
  private static final double NOISY = 25;

  /** Repeated windows of an operation, so that a busy machine does not prolong the run forever. */
  private static final int REPEATS = 5;

  private record Measured(Window window, Wrk.Result result) {
    /**
     * What failed in the window, empty if nothing did.
     *
     * @throws IOException if something failed although the machine was left alone
     */
    String refused(PeerOperation operation, Peer peer) throws IOException {
      if (result.refused() == 0 && result.errors().isEmpty()) {
        return "";
      }
      String failures =
          String.format(
              Locale.ROOT,
              ", %d answers not 2xx, broken connections: %s",
              result.refused(),
              result.errors().isEmpty() ? "none" : result.errors());
      if (window.others() <= NOISY) {
        throw new IOException(operation.title() + ", " + peer.title() + failures);
      }
      return failures;
    }
  }

  private final Database database;
  private final Wrk wrk;
  private final List<Peer> peers;
  private final boolean quick;
  private final Report report;

  Rounds(Database database, Wrk wrk, List<Peer> peers, boolean quick, Report report) {
    this.database = database;
    this.wrk = wrk;
    this.peers = List.copyOf(peers);
    this.quick = quick;
    this.report = report;
  }

  void run() throws IOException, SQLException {
    List<String> tables = new ArrayList<>();
    for (PeerOperation operation : PeerOperation.values()) {
      report.print(
          "%s: %d connections, %d rounds of windows of %d s",
          operation.title(), Wrk.CONNECTIONS, rounds(), window().toSeconds());
      for (Peer peer : peers) {
        warmUp(operation, peer);
      }
      tables.add(PeerTable.of(operation, measure(operation)));
    }
    report.print("");
    tables.forEach(table -> report.print("%s", table));
  }

  private void warmUp(PeerOperation operation, Peer peer) throws IOException, SQLException {
    prepare(operation, peer);
    double before = 0;
    int steady = 0;
    List<String> rates = new ArrayList<>();
    for (int i = 0; i < warmUps(peer) && steady < 2; i++) {
      double rate = wrk.run(operation, peer.port(), warmUpWindow(peer)).succeededPerSecond();
      rates.add(String.format(Locale.ROOT, "%.0f", rate));
      steady = Math.abs(rate - before) < STEADY * rate ? steady + 1 : 0;
      before = rate;
    }
    report.print("  warm-up   %-18s %s/s", peer.title(), String.join(", ", rates));
    if (before == 0) {
      throw new IOException(operation.title() + ", " + peer.title() + ": no request succeeded");
    }
  }

  private Map<Peer, Window> measure(PeerOperation operation) throws IOException, SQLException {
    Map<Peer, List<Window>> windows = new LinkedHashMap<>();
    int repeats = 0;
    for (int round = 1; round <= rounds(); round++) {
      for (Peer peer : peers) {
        Measured measured = window(operation, peer);
        while (measured.window().others() > NOISY && repeats < (quick ? 1 : REPEATS)) {
          repeats++;
          report.print(
              "  repeating a window: others took %.0f %% of a core", measured.window().others());
          measured = window(operation, peer);
        }
        String refused = measured.refused(operation, peer);
        Window window = measured.window();
        windows.computeIfAbsent(peer, _ -> new ArrayList<>()).add(window);
        report.print(
            "  round %d/%d %-18s %6.0f/s  p50 %6.2f ms  p99 %6.2f ms  others %3.0f %%%s",
            round,
            rounds(),
            peer.title(),
            window.perSecond(),
            window.p50(),
            window.p99(),
            window.others(),
            refused);
      }
    }
    Map<Peer, Window> medians = new LinkedHashMap<>();
    windows.forEach((peer, all) -> medians.put(peer, Window.median(all)));
    return medians;
  }

  private Measured window(PeerOperation operation, Peer peer) throws IOException, SQLException {
    prepare(operation, peer);
    if (operation.writes()) {
      // The first change of a page after a checkpoint logs the whole page.
      wrk.run(operation, peer.port(), leadIn());
    }
    CpuTime start = CpuTime.of(peer.pid(), database.pid());
    Wrk.Result result = wrk.run(operation, peer.port(), window());
    CpuTime cpu = CpuTime.of(peer.pid(), database.pid()).since(start);
    double perSecond = result.succeededPerSecond();
    long requests = Math.round(perSecond * window().toSeconds());
    Window window =
        new Window(
            perSecond,
            result.p50(),
            result.p99(),
            CpuTime.each(cpu.service(), requests),
            CpuTime.each(cpu.postgres(), requests),
            cpu.percent(cpu.others()) * Runtime.getRuntime().availableProcessors());
    return new Measured(window, result);
  }

  /** Undoes what earlier windows did to versions and files. */
  private void prepare(PeerOperation operation, Peer peer) throws SQLException {
    try (Connection connection = database.connection(peer.database());
        Statement statement = connection.createStatement()) {
      if (operation == PeerOperation.PATCH) {
        statement.execute("update " + peer.tasks() + " set version = 1 where version <> 1");
      }
      if (operation.writes()) {
        statement.execute("vacuum");
      }
      statement.execute("checkpoint");
    }
  }

  private Duration leadIn() {
    return Duration.ofSeconds(quick ? 1 : 4);
  }

  private int rounds() {
    return quick ? 1 : 3;
  }

  private Duration window() {
    return Duration.ofSeconds(quick ? 2 : 6);
  }

  /** The compilers of the JVM need most time: those of writes a minute on two cores. */
  private int warmUps(Peer peer) {
    if (!peer.stack().isService()) {
      return 2;
    }
    return quick ? 6 : 14;
  }

  private Duration warmUpWindow(Peer peer) {
    return Duration.ofSeconds(quick ? 2 : peer.stack().isService() ? 5 : 3);
  }
}

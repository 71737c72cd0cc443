package app.perpetua.flow.bench.scale;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/** Requests of users with years of data. Confined to one thread. */
final class Years {
  private static final double LIKE_FEW = 2;
  private static final double ORDER_MILLIS = 40;
  private static final double SEARCH_MILLIS = 20;
  private static final double NOTHING_MILLIS = 1;
  private static final double MILLION_MILLIS = 20;
  private static final String TASKS = "/api/v1/tasks?limit=25";
  private static final String ACTIVITY = "/api/v1/activity?limit=25";

  private static final List<String> ORDERS =
      List.of(
          "created_at",
          "-created_at",
          "due_date",
          "-due_date",
          "priority",
          "-priority",
          "updated_at",
          "-updated_at");

  /** Each as a search of tasks whose texts {@link ScaleData} wrote. */
  private static final List<String> SEARCHES =
      List.of("zeppelin", "letter", "letter+garden+say", "what", "of", "xylophone");

  private final Service service;
  private final HttpConnection connection;
  private final Veterans veterans;
  private final IntFunction<String> token;
  private final Report report;

  /**
   * @param service on the database with the veterans
   * @param connection to the service
   */
  Years(
      Service service,
      HttpConnection connection,
      Veterans veterans,
      IntFunction<String> token,
      Report report) {
    this.service = service;
    this.connection = connection;
    this.veterans = veterans;
    this.token = token;
    this.report = report;
  }

  /**
   * Measures lists, searches, pages, activity and the export.
   *
   * @param usual a user with few tasks
   */
  void measure(int usual) throws IOException {
    String few = token.apply(usual);
    String many = token.apply(veterans.user());
    report.print("");
    report.print(
        "A user with %,d tasks, compared with one who has %d; medians in ms:",
        veterans.tasks(), ScaleData.TASKS_EACH);
    like("default list", few, TASKS, many, TASKS, LIKE_FEW);
    String open = TASKS + "&completed=false&sort=due_date";
    like("open, by due date", few, open, many, open, LIKE_FEW);
    for (String order : ORDERS) {
      below("sort=" + order, many, TASKS + "&sort=" + order, ORDER_MILLIS);
    }
    for (String search : SEARCHES) {
      below("q=" + search, many, TASKS + "&q=" + search, SEARCH_MILLIS);
    }
    pages(many);
    String task = "/api/v1/tasks/" + ScaleData.veteransTask(0);
    below("get", many, task, Double.POSITIVE_INFINITY);
    activity(few, many);
    export(many);
    synchronization(many);
  }

  private void pages(String many) throws IOException {
    int offset = veterans.tasks() / 5 * 4;
    below("offset=" + offset, many, TASKS + "&offset=" + offset, Double.POSITIVE_INFINITY);
    List<String> cursors = cursors(many);
    if (cursors.isEmpty()) {
      return;
    }
    String first = TASKS + "&cursor=";
    like(
        "cursor page in the middle",
        many,
        first,
        many,
        first + cursors.get(cursors.size() / 2),
        LIKE_FEW);
    like("last cursor page", many, first, many, first + cursors.getLast(), LIKE_FEW);
  }

  /** The cursors of all pages after the first, in order. */
  private List<String> cursors(String many) throws IOException {
    List<String> cursors = new ArrayList<>();
    Json json = new Json();
    String cursor = "";
    while (true) {
      HttpConnection.Answer answer =
          connection.get("/api/v1/tasks?limit=100&cursor=" + cursor, many);
      if (answer.status() != 200) {
        report.print("  %-34s status %d: MISSED", "cursor pages", answer.status());
        return List.of();
      }
      var next = json.parse(answer.body()).path("pagination").path("next_cursor");
      if (!next.isString()) {
        return cursors;
      }
      cursor = next.stringValue();
      cursors.add(cursor);
    }
  }

  private void activity(String few, String many) throws IOException {
    report.print("");
    report.print(
        "Activity, beside %d days of other users' entries; medians in ms:", ScaleData.DAYS);
    below("of a user without entries", token.apply(veterans.idle()), ACTIVITY, NOTHING_MILLIS);
    below("of a usual user", few, ACTIVITY, Double.POSITIVE_INFINITY);
    String entries = "of %,d entries";
    below(
        String.format(Locale.ROOT, entries, veterans.tasks()),
        token.apply(veterans.active()),
        ACTIVITY,
        MILLION_MILLIS);
    below(String.format(Locale.ROOT, entries, veterans.entries()), many, ACTIVITY, MILLION_MILLIS);
  }

  private void export(String many) throws IOException {
    Export.Result result = Export.of(service, many);
    report.print("");
    report.print(
        "Export of %,d tasks and %,d entries: %s, %.0f s, target < %.0f s; heap grew by %.0f MB,"
            + " target < %.0f MB; %.0f MB: %s",
        veterans.tasks(),
        veterans.entries(),
        result.complete() ? "complete" : "INCOMPLETE",
        result.seconds(),
        Export.SECONDS,
        result.heapMegabytes(),
        Export.HEAP_MEGABYTES,
        result.megabytes(),
        result.isWithinTargets() ? "met" : "MISSED");
  }

  private void synchronization(String many) throws IOException {
    Synchronization client = new Synchronization(service, connection, many);
    client.snapshot();
    Synchronization.Snapshot snapshot = client.snapshot();
    report.print("");
    report.print(
        "Synchronization of %,d entities: %,.0f a second, target ≥ %,.0f; heap grew by %.0f MB,"
            + " target < %.0f MB: %s",
        snapshot.entities(),
        snapshot.entitiesASecond(),
        Synchronization.ENTITIES_A_SECOND,
        snapshot.heapMegabytes(),
        Synchronization.HEAP_MEGABYTES,
        snapshot.isWithinTargets() ? "met" : "MISSED");
    Timing changes = client.changes(snapshot.token());
    report.print(
        "  %-34s %10s %10s   target < %.0f: %s",
        Synchronization.CHANGES + " changes",
        "",
        changes,
        Synchronization.CHANGES_MILLIS,
        changes.isBelow(Synchronization.CHANGES_MILLIS) ? "met" : "MISSED");
  }

  private void like(
      String title, String few, String fewPath, String many, String manyPath, double factor)
      throws IOException {
    Timing[] timings =
        Timing.inTurn(
            () -> connection.get(fewPath, few).status(),
            () -> connection.get(manyPath, many).status());
    report.print(
        "  %-34s %10s %10s   ratio %5.2f, target ≤ %.1f: %s",
        title,
        timings[0],
        timings[1],
        timings[1].millis() / timings[0].millis(),
        factor,
        timings[1].isAtMost(factor, timings[0]) ? "met" : "MISSED");
  }

  /**
   * @param limitMillis infinite if there is no target
   */
  private void below(String title, String user, String path, double limitMillis)
      throws IOException {
    Timing timing = Timing.of(() -> connection.get(path, user).status());
    report.print(
        "  %-34s %10s %10s   %s",
        title,
        "",
        timing,
        Double.isInfinite(limitMillis)
            ? ""
            : String.format(
                Locale.ROOT,
                "target < %.0f: %s",
                limitMillis,
                timing.isBelow(limitMillis) ? "met" : "MISSED"));
  }
}

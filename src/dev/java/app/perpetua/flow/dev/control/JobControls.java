package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.jobs.DeadJobsCommand;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Control-port calls that show the job queue and retry dead jobs. Thread-safe. */
public final class JobControls {
  private static final List<String> STATES = List.of("scheduled", "due", "running", "dead");
  private static final int DEFAULT_LIMIT = 50;
  private static final int MAX_LIMIT = 100;

  // The conditions of the service's statements claim_due and measure, and so their indexes. The
  // state is the service's by its clock: a queued job is due or scheduled.
  static final String LIST =
      """
      with asked as (
        select ?::timestamptz as now, ?::text as state, ?::int as size
      ),
      found as (
        (select j as job, 'scheduled' as shown
         from ops.job_queue j
         where j.state = 'queued' and j.run_at > (select now from asked)
           and (select state in ('', 'scheduled') from asked)
         order by j.run_at, j.id
         limit (select size from asked))
        union all
        (select j as job, 'due'
         from ops.job_queue j
         where j.state = 'queued' and j.run_at <= (select now from asked)
           and (select state in ('', 'due') from asked)
         order by j.run_at, j.id
         limit (select size from asked))
        union all
        (select j as job, 'running'
         from ops.job_queue j
         where j.state = 'running' and j.lease_until > '-infinity'
           and (select state in ('', 'running') from asked)
         order by j.run_at, j.id
         limit (select size from asked))
        union all
        (select j as job, 'dead'
         from ops.job_queue j
         where j.state = 'dead' and j.finished_at is not null
           and (select state in ('', 'dead') from asked)
         order by j.run_at, j.id
         limit (select size from asked))
      )
      select (job).id, (job).user_id, (job).kind, (job).job_key, shown, (job).run_at, (job).attempts,
             (job).max_attempts, (job).last_error
      from found
      order by (job).run_at, (job).id
      limit (select size from asked)
      """;

  private static final String COUNT =
      """
      with asked as (select ?::timestamptz as now)
      select (select count(*) from ops.job_queue
              where state = 'queued' and run_at > (select now from asked)) as scheduled,
             (select count(*) from ops.job_queue
              where state = 'queued' and run_at <= (select now from asked)) as due,
             (select count(*) from ops.job_queue
              where state = 'running' and lease_until > '-infinity') as running,
             (select count(*) from ops.job_queue
              where state = 'dead' and finished_at is not null) as dead
      """;

  private final DataSource database;
  private final Supplier<DeadJobsCommand> deadJobs;
  private final Clock clock;

  /**
   * @param deadJobs opens the service's command, which the caller closes
   * @param clock the service's
   */
  public JobControls(DataSource database, Supplier<DeadJobsCommand> deadJobs, Clock clock) {
    this.database = database;
    this.deadJobs = deadJobs;
    this.clock = clock;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "GET",
            "/jobs",
            "?state=scheduled|due|running|dead&limit=1-100",
            "the job queue by the service's clock, soonest first: {counts, jobs: [{id, kind, key,"
                + " state, due_at, attempts, max_attempts, last_error?, user_id?}]}",
            (body, _, query) -> list(body, query)),
        new Call(
            "POST",
            "/jobs/retry",
            "{id?}",
            "requeues the dead job, or all dead jobs as --retry-dead does: {retried}; a job whose"
                + " kind and key an unfinished job has is not requeued",
            this::retry));
  }

  private Answer list(JsonReader body, QueryParameters query) {
    body.validate();
    String state = query.oneOf("state", STATES.toArray(String[]::new));
    int limit = query.integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
    query.validate();
    OffsetDateTime now = clock.instant().atOffset(ZoneOffset.UTC);
    try (Connection connection = database.getConnection()) {
      Map<String, Object> shown = new LinkedHashMap<>();
      shown.put("counts", counts(connection, now));
      shown.put("jobs", jobs(connection, now, Objects.requireNonNullElse(state, ""), limit));
      return Answer.ok(shown);
    } catch (SQLException e) {
      throw new IllegalStateException("jobs cannot be read", e);
    }
  }

  private static Map<String, Long> counts(Connection connection, OffsetDateTime now)
      throws SQLException {
    try (PreparedStatement count = connection.prepareStatement(COUNT)) {
      count.setObject(1, now);
      try (ResultSet row = count.executeQuery()) {
        row.next();
        Map<String, Long> counts = new LinkedHashMap<>();
        for (String state : STATES) {
          counts.put(state, row.getLong(state));
        }
        return counts;
      }
    }
  }

  private static List<Map<String, Object>> jobs(
      Connection connection, OffsetDateTime now, String state, int limit) throws SQLException {
    try (PreparedStatement list = connection.prepareStatement(LIST)) {
      list.setObject(1, now);
      list.setString(2, state);
      list.setInt(3, limit);
      try (ResultSet row = list.executeQuery()) {
        List<Map<String, Object>> jobs = new ArrayList<>();
        while (row.next()) {
          jobs.add(job(row));
        }
        return jobs;
      }
    }
  }

  private static Map<String, Object> job(ResultSet row) throws SQLException {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("id", row.getString("id"));
    job.put("kind", row.getString("kind"));
    job.put("key", row.getString("job_key"));
    job.put("state", row.getString("shown"));
    job.put("due_at", Json.instant(row.getObject("run_at", OffsetDateTime.class).toInstant()));
    job.put("attempts", row.getInt("attempts"));
    job.put("max_attempts", row.getInt("max_attempts"));
    putUnlessNull(job, "last_error", row.getString("last_error"));
    putUnlessNull(job, "user_id", row.getString("user_id"));
    return job;
  }

  private static void putUnlessNull(Map<String, Object> job, String name, @Nullable String value) {
    if (value != null) {
      job.put(name, value);
    }
  }

  private Answer retry(JsonReader body) {
    UUID id = body.notNull("id").uuid("id");
    body.validate();
    try (DeadJobsCommand command = deadJobs.get()) {
      return Answer.ok(Map.of("retried", command.requeue(id)));
    }
  }
}

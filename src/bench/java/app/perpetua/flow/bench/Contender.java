package app.perpetua.flow.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * A queue in the comparison. All run four jobs at once in each of two processes, commit every job
 * separately, and find the same jobs on the same server.
 *
 * @param title name in the report
 * @param worker the command that starts a worker, which uses the protocol of {@link QueueWorker}
 * @param prepare creates its tables, if its workers do not
 * @param fill adds jobs with keys from the first to the second {@code %d}, due now
 * @param left returns whether any job is left
 */
record Contender(String title, List<String> worker, String prepare, String fill, String left) {
  static final int PARALLEL = 4;

  static Contender ours(String url) {
    return new Contender(
        "ours",
        java("ours", url),
        "",
        """
        insert into ops.job_queue (id, kind, job_key, run_at, created_at)
        select uuidv7(), 'bench', n, date_trunc('milliseconds', now()), now()
        from generate_series(%d, %d) n;
        notify perpetua_flow_jobs
        """,
        """
        select exists (select from ops.job_queue where state = 'queued' and run_at <= now())
          or exists (select from ops.job_queue where state = 'running' and lease_until > '-infinity')
        """);
  }

  static Contender dbScheduler(String url) {
    return new Contender(
        "db-scheduler",
        java("db-scheduler", url),
        """
        create table scheduled_tasks (
          task_name text not null,
          task_instance text not null,
          task_data bytea,
          execution_time timestamptz not null,
          picked boolean not null,
          picked_by text,
          last_success timestamptz,
          last_failure timestamptz,
          consecutive_failures int,
          last_heartbeat timestamptz,
          version bigint not null,
          priority smallint,
          primary key (task_name, task_instance)
        );
        create index execution_time_idx on scheduled_tasks (execution_time);
        create index last_heartbeat_idx on scheduled_tasks (last_heartbeat);
        """,
        """
        insert into scheduled_tasks (task_name, task_instance, execution_time, picked, version)
        select 'bench', n, now(), false, 1 from generate_series(%d, %d) n
        """,
        "select exists (select from scheduled_tasks)");
  }

  /**
   * graphile-worker.
   *
   * @param prefetched jobs that a worker claims ahead; -1 for none, as is its default
   */
  static Contender graphile(String url, Path home, int prefetched) {
    return new Contender(
        "graphile-worker" + (prefetched < 0 ? "" : ", prefetch " + prefetched),
        List.of(
            "node",
            home.resolve("worker.js").toString(),
            url,
            Integer.toString(PARALLEL),
            Integer.toString(prefetched)),
        "",
        """
        select count(*) from graphile_worker.add_jobs(array(
          select row('bench', json_build_object('n', n), null, null, null, null, null, null)
                 ::graphile_worker.job_spec
          from generate_series(%d, %d) n))
        """,
        "select exists (select from graphile_worker._private_jobs)");
  }

  private static List<String> java(String which, String url) {
    return List.of(
        System.getProperty("java.home") + "/bin/java",
        "-XX:+UseSerialGC",
        "-Xmx128m",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
        System.getProperty("java.class.path"),
        QueueWorker.class.getName(),
        which,
        url,
        Integer.toString(PARALLEL));
  }
}

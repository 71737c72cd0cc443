package app.perpetua.flow.bench.soak;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;

/**
 * The rows of a table, as PostgreSQL's statistics count them.
 *
 * @param live rows
 * @param dead row versions that no transaction needs and vacuum has not removed
 * @param changed updates and deletions so far, each of which leaves a dead row
 * @param inserted insertions so far
 * @param bytes with indexes and TOAST
 * @param limit dead rows above which autovacuum removes them: threshold plus a share of the rows
 * @param vacuums how often autovacuum has run
 */
record TableState(
    long live, long dead, long changed, long inserted, long bytes, long limit, long vacuums) {
  /** Storage parameters of a table come before the server's settings. */
  private static final String QUERY =
      """
      select s.schemaname || '.' || s.relname as name, s.n_live_tup, s.n_dead_tup,
             s.n_tup_upd + s.n_tup_del as changed, s.n_tup_ins,
             pg_total_relation_size(s.relid) as bytes, s.autovacuum_count,
             (coalesce(o.threshold, current_setting('autovacuum_vacuum_threshold')::float8)
               + coalesce(o.factor, current_setting('autovacuum_vacuum_scale_factor')::float8)
                 * greatest(c.reltuples, s.n_live_tup))::bigint as vacuumed_above
      from pg_stat_user_tables s
      join pg_class c on c.oid = s.relid
      cross join lateral (
        select max(option_value::float8) filter (where option_name = 'autovacuum_vacuum_threshold')
                 as threshold,
               max(option_value::float8)
                 filter (where option_name = 'autovacuum_vacuum_scale_factor') as factor
        from pg_options_to_table(c.reloptions)
      ) o
      """;

  /** All tables by name, partitions separately. */
  static Map<String, TableState> all(Connection database) throws SQLException {
    Map<String, TableState> tables = new TreeMap<>();
    try (Statement statement = database.createStatement();
        ResultSet row = statement.executeQuery(QUERY)) {
      while (row.next()) {
        tables.put(
            row.getString("name"),
            new TableState(
                row.getLong("n_live_tup"),
                row.getLong("n_dead_tup"),
                row.getLong("changed"),
                row.getLong("n_tup_ins"),
                row.getLong("bytes"),
                row.getLong("vacuumed_above"),
                row.getLong("autovacuum_count")));
      }
    }
    return tables;
  }
}

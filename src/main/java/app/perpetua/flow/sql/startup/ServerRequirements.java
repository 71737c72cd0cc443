package app.perpetua.flow.sql.startup;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What the service requires of a database and of the role that it logs in with. */
public final class ServerRequirements {
  private static final int MIN_VERSION = 15;

  /**
   * Servers of Neon, which {@code neon.timeline_id} identifies, run with fsync off because they
   * replicate a commit to other machines before they acknowledge it. Once the service has migrated
   * the schema, later migrations need the privileges on it, not those to create it.
   */
  private static final String SETTINGS =
      """
      select current_setting('server_encoding') as encoding,
             exists (select from pg_collation where collname = 'und-x-icu') as icu,
             pg_is_in_recovery() as replica,
             current_setting('transaction_read_only')::boolean as read_only,
             current_setting('fsync')::boolean
               or coalesce(current_setting('neon.timeline_id', true), '') <> '' as fsync,
             current_setting('synchronous_commit') <> 'off' as synchronous_commit,
             has_database_privilege(current_database(), 'create')
               or to_regclass('tasks.task_instances') is not null as creates_schemas,
             coalesce(has_schema_privilege(current_schema(), 'create'), false)
               or to_regclass('flyway_schema_history') is not null as creates_tables
      """;

  private ServerRequirements() {}

  /**
   * Checks the database of an open connection.
   *
   * @param durable whether to require settings with which acknowledged commits survive a power
   *     failure; false only in tests
   * @return a clause for each requirement that is not met, which follows "the database X"; empty if
   *     all are
   */
  public static List<String> unmet(Connection connection, boolean durable) throws SQLException {
    int version = connection.getMetaData().getDatabaseMajorVersion();
    if (version < MIN_VERSION) {
      return List.of(
          "is PostgreSQL " + version + ", but version " + MIN_VERSION + " or later is required");
    }
    List<String> unmet = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(SETTINGS)) {
      row.next();
      if (!row.getString("encoding").equals("UTF8")) {
        unmet.add("has the encoding " + row.getString("encoding") + ", but UTF8 is required");
      }
      if (!row.getBoolean("icu")) {
        unmet.add("has no ICU collations; use a PostgreSQL that was built with ICU");
      }
      if (row.getBoolean("replica")) {
        unmet.add("is a read-only replica; use the URL of the primary");
      } else if (row.getBoolean("read_only")) {
        unmet.add("is read-only; set default_transaction_read_only to off");
      }
      if (durable && !row.getBoolean("fsync")) {
        unmet.add("runs with fsync off and can lose acknowledged commits; turn it on");
      }
      if (durable && !row.getBoolean("synchronous_commit")) {
        unmet.add("runs with synchronous_commit off and can lose acknowledged commits; turn it on");
      }
      if (!row.getBoolean("creates_schemas") || !row.getBoolean("creates_tables")) {
        unmet.add(
            "does not permit this role to create schemas and tables; make it the database's owner");
      }
    }
    return unmet;
  }
}

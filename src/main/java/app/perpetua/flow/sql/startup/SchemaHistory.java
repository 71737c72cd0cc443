package app.perpetua.flow.sql.startup;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Recognizes an up-to-date schema by two queries, for which Flyway needs two more connections, some
 * sixty statements and its classes. Every other schema is left to Flyway.
 */
final class SchemaHistory {
  /** Version and Flyway's checksum of each migration of this release, in their order. */
  private static final String CHECKSUMS = "/sql/checksums.txt";

  private static final String EXISTS = "select to_regclass('flyway_schema_history') is not null";

  private static final String APPLIED =
      """
      select concat_ws(' ', version, checksum, case when not success then 'failed' end)
      from flyway_schema_history
      order by installed_rank
      """;

  private SchemaHistory() {}

  /**
   * Whether exactly the migrations of this release have been applied. A row of the history is
   * visible only after its migration: Flyway commits it later.
   */
  static boolean isUpToDate(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet row = statement.executeQuery(EXISTS)) {
        row.next();
        if (!row.getBoolean(1)) {
          return false;
        }
      }
      try (ResultSet rows = statement.executeQuery(APPLIED)) {
        List<String> applied = new ArrayList<>();
        while (rows.next()) {
          applied.add(rows.getString(1));
        }
        return applied.equals(released());
      }
    }
  }

  private static List<String> released() {
    try (InputStream in = SchemaHistory.class.getResourceAsStream(CHECKSUMS)) {
      if (in == null) {
        throw new IllegalStateException(CHECKSUMS + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

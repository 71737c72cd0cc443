package app.perpetua.flow.harness.hostile;

import app.perpetua.flow.harness.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * A digest of all data that a request can change, to compare before and after: for each table, the
 * sum of the hashes of its rows, which needs no order. Not thread-safe.
 */
public final class DatabaseDigest {
  private final DataSource source;
  private final String versions;
  private final String digests;
  private String digestedVersions = "";
  private String digest = "";

  /** Opens a pool of one connection, which the database closes. */
  public DatabaseDigest(TestDatabase database) {
    // Pooled, because it is called often.
    this.source = database.pool(1);
    List<String> tables =
        database
            .rows(
                """
                select format('%I.%I', n.nspname, c.relname) as name
                from pg_class c
                join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'p') and not c.relispartition
                  and n.nspname not like 'pg\\_%'
                  and n.nspname not in ('information_schema', 'public')
                  and (n.nspname <> 'ops' or c.relname = 'idempotency_keys')
                order by 1
                """)
            .stream()
            .map(row -> String.valueOf(row.get("name")))
            .toList();
    // Of two states with equally many rows, the later one has newer row versions.
    this.versions = query(tables, "count(*) || ' ' || coalesce(sum(xmin::text::bigint), 0)");
    this.digests = query(tables, "sum(hashtextextended(t::text, 0))");
  }

  private static String query(List<String> tables, String aggregate) {
    return tables.stream()
        .map(
            table ->
                "select '%s' as place, %s as digest from %s t".formatted(table, aggregate, table))
        .collect(Collectors.joining("\nunion all\n"));
  }

  /** The current digest of every table. */
  public String current() {
    // Read before the digest: what changes in between is noticed at the next call.
    String now = read(versions);
    if (!now.equals(digestedVersions)) {
      digest = read(digests);
      digestedVersions = now;
    }
    return digest;
  }

  private String read(String query) {
    try (Connection connection = source.getConnection();
        PreparedStatement statement = connection.prepareStatement(query);
        ResultSet rows = statement.executeQuery()) {
      StringBuilder all = new StringBuilder();
      while (rows.next()) {
        all.append(rows.getString("place")).append(' ').append(rows.getString("digest"));
        all.append('\n');
      }
      return all.toString();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}

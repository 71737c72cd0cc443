package app.perpetua.flow.harness.hostile;

import app.perpetua.flow.harness.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * A digest of all data that a request can change, to compare before and after: for each table, the
 * sum of the hashes of its rows, which needs no order.
 */
public final class DatabaseDigest {
  private final DataSource source;
  private final String digests;

  /** Opens a pool of one connection, which the database closes. */
  public DatabaseDigest(TestDatabase database) {
    // Pooled, because it is called often.
    this.source = database.pool(1);
    this.digests =
        database
            .rows(
                """
                select format('select %L as place, sum(hashtextextended(t::text, 0)) as digest'
                              || ' from %I.%I t', c.oid::regclass, n.nspname, c.relname) as query
                from pg_class c
                join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'p') and not c.relispartition
                  and n.nspname not like 'pg\\_%'
                  and n.nspname not in ('information_schema', 'public')
                  and (n.nspname <> 'ops' or c.relname = 'idempotency_keys')
                order by 1
                """)
            .stream()
            .map(row -> String.valueOf(Objects.requireNonNull(row.get("query"))))
            .collect(Collectors.joining("\nunion all\n"));
  }

  /** The current digest of every table. */
  public String current() {
    try (Connection connection = source.getConnection();
        PreparedStatement statement = connection.prepareStatement(digests);
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

package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RowTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private interface Check {
    void accept(Row row) throws SQLException;
  }

  /** The driver asks for the binary format once it has executed a statement some times. */
  private static void query(String sql, Check check) throws SQLException {
    try (Connection connection = database.pool(1).getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < 7; i++) {
        try (ResultSet result = statement.executeQuery()) {
          check.accept(new Row(result));
        }
      }
    }
  }

  @Test
  void a_column_is_found_by_its_name_in_whatever_order_rows_are_read() throws SQLException {
    query(
        "select n as a, 10 * n as b, 'c' || n as c from generate_series(1, 4) n order by n",
        row -> {
          List<List<String>> orders =
              List.of(
                  List.of("a", "b", "a"), List.of("b", "b", "b"), List.of("b"), List.of("a", "b"));
          for (int n = 1; n <= orders.size(); n++) {
            assertTrue(row.next());
            for (String column : orders.get(n - 1)) {
              assertEquals(column.equals("a") ? n : 10 * n, row.integer(column));
            }
            assertEquals("c" + n, row.text("c"));
          }
          assertFalse(row.next());
        });
  }

  @Test
  void a_row_may_have_many_columns() throws SQLException {
    String columns =
        IntStream.range(0, 100).mapToObj(i -> i + " as c" + i).collect(Collectors.joining(", "));
    query(
        "select " + columns + " from generate_series(1, 2)",
        row -> {
          while (row.next()) {
            for (int i = 99; i >= 0; i--) {
              assertEquals(i, row.integer("c" + i));
            }
          }
        });
  }

  @Test
  void each_type_has_its_value_or_is_null() throws SQLException {
    query(
        "select '00000000-0000-4000-8000-00000000000a'::uuid as id, 'ü' as text, 7 as number,"
            + " 5000000000 as big, false as no, '\\x0001'::bytea as bytes,"
            + " timestamptz '2026-01-19 10:30:00.123+00' as time, null::uuid as no_id,"
            + " null::text as no_text, 0 as zero, null::int as no_number, null::bytea as no_bytes,"
            + " null::timestamptz as no_time, null::boolean as unknown, null::bigint as no_big",
        row -> {
          assertTrue(row.next());
          assertEquals(UUID.fromString("00000000-0000-4000-8000-00000000000a"), row.uuid("id"));
          assertEquals("ü", row.text("text"));
          assertEquals(7, row.integer("number"));
          assertEquals(0, row.integerOrNull("zero"));
          assertEquals(5_000_000_000L, row.bigint("big"));
          assertFalse(row.bool("no"));
          assertEquals(2, Objects.requireNonNull(row.bytesOrNull("bytes")).length);
          assertEquals(Instant.parse("2026-01-19T10:30:00.123Z"), row.instant("time"));
          for (String column : List.of("id", "text", "number", "big", "no", "bytes", "time")) {
            assertFalse(row.isNull(column));
          }
          for (String column : List.of("no_id", "no_text", "no_number", "no_bytes", "no_time")) {
            assertTrue(row.isNull(column));
          }
          assertNull(row.uuidOrNull("no_id"));
          assertNull(row.textOrNull("no_text"));
          assertNull(row.integerOrNull("no_number"));
          assertNull(row.bytesOrNull("no_bytes"));
          assertNull(row.instantOrNull("no_time"));
          for (Runnable read :
              List.<Runnable>of(
                  () -> row.uuid("no_id"),
                  () -> row.text("no_text"),
                  () -> row.integer("no_number"),
                  () -> row.bigint("no_big"),
                  () -> row.instant("no_time"),
                  () -> row.bool("unknown"))) {
            assertThrows(NullPointerException.class, read::run);
          }
          assertThrows(IllegalStateException.class, () -> row.text("absent"));
        });
  }
}

package app.perpetua.flow.sql;

import app.perpetua.flow.base.WireName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of a result, read by column name. Getters without {@code OrNull} throw a {@link
 * NullPointerException} if the column is null. Valid only inside the mapper that receives it.
 */
public final class Row {
  private static final int MANY = 32;

  private final ResultSet result;

  /** The columns that the mapper read from the row before, in its order, and their indexes. */
  private String[] names = new String[MANY];

  private int[] indexes = new int[MANY];
  private int place;

  Row(ResultSet result) {
    this.result = result;
  }

  /** Moves to the next row; false if there is none. */
  boolean next() throws SQLException {
    place = 0;
    return result.next();
  }

  /** Whether a column, whatever its type, is null. */
  public boolean isNull(String column) {
    // The bytes as received, which converts nothing.
    return bytesOrNull(column) == null;
  }

  /** A {@code uuid} column. */
  public UUID uuid(String column) {
    return present(uuidOrNull(column), column);
  }

  /** A nullable {@code uuid} column. */
  public @Nullable UUID uuidOrNull(String column) {
    return get(column, UUID.class);
  }

  /** A {@code text}, {@code json} or {@code jsonb} column. */
  public String text(String column) {
    return present(textOrNull(column), column);
  }

  /** A nullable {@code text}, {@code json} or {@code jsonb} column. */
  public @Nullable String textOrNull(String column) {
    try {
      return result.getString(index(column));
    } catch (SQLException e) {
      throw unreadable(column, e);
    }
  }

  /** A {@code text} column that contains wire names of an enum. */
  public <E extends Enum<E> & WireName> E wireName(String column, Class<E> type) {
    return WireName.parse(type, text(column));
  }

  /** A nullable {@code text} column that contains wire names of an enum. */
  public <E extends Enum<E> & WireName> @Nullable E wireNameOrNull(String column, Class<E> type) {
    String text = textOrNull(column);
    return text == null ? null : WireName.parse(type, text);
  }

  /** A {@code timestamptz} column. */
  public Instant instant(String column) {
    return present(instantOrNull(column), column);
  }

  /** A nullable {@code timestamptz} column. */
  public @Nullable Instant instantOrNull(String column) {
    OffsetDateTime value = get(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }

  /** An {@code int} column. */
  public int integer(String column) {
    return present(integerOrNull(column), column);
  }

  /** A nullable {@code int} column. */
  public @Nullable Integer integerOrNull(String column) {
    try {
      int value = result.getInt(index(column));
      return value == 0 && result.wasNull() ? null : (Integer) value;
    } catch (SQLException e) {
      throw unreadable(column, e);
    }
  }

  /** A {@code bigint} column. */
  public long bigint(String column) {
    return present(get(column, Long.class), column);
  }

  /** A {@code boolean} column. */
  public boolean bool(String column) {
    try {
      boolean value = result.getBoolean(index(column));
      return present((value || !result.wasNull()) ? (Boolean) value : null, column);
    } catch (SQLException e) {
      throw unreadable(column, e);
    }
  }

  /** A {@code date} column. */
  public LocalDate date(String column) {
    return present(dateOrNull(column), column);
  }

  /** A nullable {@code date} column. */
  public @Nullable LocalDate dateOrNull(String column) {
    return get(column, LocalDate.class);
  }

  /** A {@code uuid[]} column without null elements. */
  public List<UUID> uuids(String column) {
    try {
      int at = index(column);
      // Most are empty, and reading an array takes seven times as long as reading its text.
      return present(result.getString(at), column).equals("{}")
          ? List.of()
          : List.of((UUID[]) result.getArray(at).getArray());
    } catch (SQLException e) {
      throw unreadable(column, e);
    }
  }

  /** A nullable {@code bytea} column. */
  public byte @Nullable [] bytesOrNull(String column) {
    try {
      return result.getBytes(index(column));
    } catch (SQLException e) {
      throw unreadable(column, e);
    }
  }

  private <T> @Nullable T get(String column, Class<T> type) {
    try {
      return result.getObject(index(column), type);
    } catch (SQLException e) {
      throw unreadable(column, e);
    }
  }

  /**
   * A mapper reads the same columns of each row in the same order, so the name is seldom looked up
   * again. Comparing it with the same literal compares the references first.
   */
  private int index(String column) throws SQLException {
    int at = place++;
    if (at == names.length) {
      names = Arrays.copyOf(names, 2 * at);
      indexes = Arrays.copyOf(indexes, 2 * at);
    }
    if (!column.equals(names[at])) {
      indexes[at] = result.findColumn(column);
      names[at] = column;
    }
    return indexes[at];
  }

  private static IllegalStateException unreadable(String column, SQLException cause) {
    return new IllegalStateException("column " + column, cause);
  }

  private static <T> T present(@Nullable T value, String column) {
    return Objects.requireNonNull(value, () -> "column " + column + " is null");
  }
}

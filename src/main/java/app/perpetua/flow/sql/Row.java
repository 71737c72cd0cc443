package app.perpetua.flow.sql;

import app.perpetua.flow.base.WireName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of a result, read by column name. Getters without {@code OrNull} throw a {@link
 * NullPointerException} if the column is null. Valid only inside the mapper that receives it.
 */
public final class Row {
  private final ResultSet result;

  Row(ResultSet result) {
    this.result = result;
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
    return get(column, String.class);
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
    return get(column, Integer.class);
  }

  /** A {@code bigint} column. */
  public long bigint(String column) {
    return present(get(column, Long.class), column);
  }

  /** A {@code boolean} column. */
  public boolean bool(String column) {
    return present(get(column, Boolean.class), column);
  }

  /** A nullable {@code bytea} column. */
  public byte @Nullable [] bytesOrNull(String column) {
    try {
      return result.getBytes(column);
    } catch (SQLException e) {
      throw new IllegalStateException("column " + column, e);
    }
  }

  private <T> @Nullable T get(String column, Class<T> type) {
    try {
      return type == String.class
          ? type.cast(result.getString(column))
          : result.getObject(column, type);
    } catch (SQLException e) {
      throw new IllegalStateException("column " + column, e);
    }
  }

  private static <T> T present(@Nullable T value, String column) {
    return Objects.requireNonNull(value, () -> "column " + column + " is null");
  }
}

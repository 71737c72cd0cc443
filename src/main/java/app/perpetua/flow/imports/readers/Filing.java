package app.perpetua.flow.imports.readers;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * In which list an imported task is, and its labels, by name.
 *
 * @param list null for the inbox
 */
public record Filing(@Nullable InList list, List<Labelled> labels) {
  /** The inbox, without labels. */
  public static final Filing NONE = new Filing(null, List.of());

  /**
   * A list of the file.
   *
   * @param id in an export of this service; null if it has none
   * @param name 1 to 100 code points
   * @param position null for the end
   */
  public record InList(
      @Nullable UUID id, String name, @Nullable String position, boolean archived) {}

  /**
   * A label of the file.
   *
   * @param name 1 to 100 code points
   * @param colour null for the default
   */
  public record Labelled(String name, @Nullable String colour) {}
}

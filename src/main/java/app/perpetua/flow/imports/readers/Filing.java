package app.perpetua.flow.imports.readers;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In which list an imported task is, and its labels.
 *
 * @param list null for the inbox
 * @param labels in order, each once
 */
public record Filing(@Nullable Named list, List<Named> labels) {
  /** The inbox, without labels. */
  public static final Filing NONE = new Filing(null, List.of());

  /**
   * A list or label of the file.
   *
   * @param id that of its entry
   * @param name 1 to {@link Texts#NAME} code points
   */
  public record Named(String id, String name) {}
}

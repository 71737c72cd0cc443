package app.perpetua.flow.imports;

import app.perpetua.flow.base.WireName;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of an entry of a file, as defined by the API contract.
 *
 * @param line of the file, from 1; null if the entry has none
 * @param entityId what was added; null if nothing was
 */
record ReportLine(
    @Nullable Integer line,
    String entityType,
    String sourceId,
    String title,
    Outcome outcome,
    @Nullable UUID entityId,
    List<String> reasons) {
  /** What became of an entry. */
  enum Outcome implements WireName {
    /** It is as in the file. */
    TAKEN,
    /** It was added, but differs from the file. */
    CHANGED,
    /** It was not added. */
    LEFT
  }
}

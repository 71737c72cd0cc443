package app.perpetua.flow.imports;

import app.perpetua.flow.base.WireName;

/** The programs and formats that files come from. Constants are stored by their wire names. */
enum Source implements WireName {
  PERPETUA_FLOW(100),
  TODOIST_CSV(20),
  TODOIST_JSON(20),
  TICKTICK_CSV(20),
  ICALENDAR(20);

  private static final int MIB = 1024 * 1024;

  private final int maxMib;

  Source(int maxMib) {
    this.maxMib = maxMib;
  }

  /**
   * The largest file of it, uncompressed. This service's own document is read as a stream; of the
   * others, all entries are in memory, because an entry may refer to a later one.
   */
  long maxBytes() {
    return (long) maxMib * MIB;
  }
}

package app.perpetua.flow.imports;

import app.perpetua.flow.base.WireName;

/** The programs and formats that files come from. Constants are stored by their wire names. */
enum Source implements WireName {
  PERPETUA_FLOW(100, true),
  TODOIST_CSV(20, false),
  TODOIST_JSON(20, true),
  TICKTICK_CSV(20, true),
  ICALENDAR(20, false);

  private static final int MIB = 1024 * 1024;

  private final int maxMib;
  private final boolean namesLists;

  Source(int maxMib, boolean namesLists) {
    this.maxMib = maxMib;
    this.namesLists = namesLists;
  }

  /** Whether its files name the lists of their tasks; others may be given one. */
  boolean namesLists() {
    return namesLists;
  }

  /**
   * The largest file of it, uncompressed. This service's own document is read as a stream; of the
   * others, all entries are in memory, because an entry may refer to a later one.
   */
  long maxBytes() {
    return (long) maxMib * MIB;
  }
}

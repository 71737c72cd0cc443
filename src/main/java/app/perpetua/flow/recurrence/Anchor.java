package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.WireName;

/** From what the next occurrence of a template counts (FR-201). */
public enum Anchor implements WireName {
  /** The start: occurrences are the same whenever tasks are completed. */
  SCHEDULE,
  /** The day on which the previous task was completed, skipped or deleted. */
  COMPLETION
}

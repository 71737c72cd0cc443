package app.perpetua.flow.credits;

import app.perpetua.flow.base.WireName;

/** The types of credits, in the order in which they are spent (FR-042, FR-051b). */
enum CreditType implements WireName {
  /** Granted each day; expire at 00:00 UTC (FR-038, FR-040). */
  DAILY,
  /** Granted each month of Pro (FR-039). */
  SUBSCRIPTION,
  /** Bought; never expire (FR-051a). */
  PURCHASED,
  /** Granted once, on registration (FR-037). */
  KICKSTART
}

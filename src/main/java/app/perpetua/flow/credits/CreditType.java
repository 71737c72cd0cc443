package app.perpetua.flow.credits;

import app.perpetua.flow.base.WireName;

/** Where credits come from, in the order in which they are spent (FR-042, FR-051b). */
public enum CreditType implements WireName {
  /** A day's entitlement, gone at 00:00 UTC (FR-038, FR-040). */
  DAILY,
  /** A month of Pro (FR-039). */
  SUBSCRIPTION,
  /** Bought; never expires (FR-051a). */
  PURCHASED,
  /** Given once, on joining (FR-037). */
  KICKSTART
}

package app.perpetua.flow.credits;

/**
 * Amounts of credits.
 *
 * @param proDaily for a Pro user, per UTC day (FR-038); perks of either tier add to it
 * @param proMonthly for a Pro user, at activation and at each renewal (FR-039)
 * @param maxCarryover maximum of monthly credits carried over to the next month (FR-041)
 */
public record CreditConfig(int proDaily, int proMonthly, int maxCarryover) {}

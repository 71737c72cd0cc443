package app.perpetua.flow.credits;

/**
 * How many credits there are.
 *
 * @param proDaily a Pro user's, per UTC day (FR-038); perks come on top, in either tier
 * @param proMonthly a Pro user's, at activation and at each renewal (FR-039)
 * @param maxCarryover what of the monthly ones outlives its month at most (FR-041)
 */
public record CreditConfig(int proDaily, int proMonthly, int maxCarryover) {}

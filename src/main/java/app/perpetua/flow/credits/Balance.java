package app.perpetua.flow.credits;

/**
 * The credits that a user can spend, by type.
 *
 * @param daily expires at the next 00:00 UTC
 * @param subscription of the current month, with those carried over
 * @param kickstart granted on registration
 */
public record Balance(int daily, int subscription, int purchased, int kickstart, int total) {}

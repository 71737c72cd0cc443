package app.perpetua.flow.credits;

/**
 * What a user can spend, by type.
 *
 * @param daily gone at the next 00:00 UTC
 * @param subscription of the running month, and what was carried over
 * @param purchased bought
 * @param kickstart given on joining
 * @param total all of it
 */
public record Balance(int daily, int subscription, int purchased, int kickstart, int total) {}

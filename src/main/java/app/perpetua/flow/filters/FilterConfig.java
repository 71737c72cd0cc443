package app.perpetua.flow.filters;

import app.perpetua.flow.sql.LockedUser;

/**
 * Limits of saved filters.
 *
 * @param freeMax filters of a user on the free tier
 * @param proMax filters of a user on Pro
 */
public record FilterConfig(int freeMax, int proMax) {
  public int max(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proMax : freeMax;
  }
}

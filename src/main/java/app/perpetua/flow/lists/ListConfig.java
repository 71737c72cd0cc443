package app.perpetua.flow.lists;

import app.perpetua.flow.sql.LockedUser;

/**
 * Limits of lists and labels.
 *
 * @param freeMaxLists lists of a user on the free tier, archived ones included
 * @param proMaxLists lists of a user on Pro
 * @param freeMaxLabels labels of a user on the free tier
 * @param proMaxLabels labels of a user on Pro
 */
public record ListConfig(int freeMaxLists, int proMaxLists, int freeMaxLabels, int proMaxLabels) {
  public int maxLists(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proMaxLists : freeMaxLists;
  }

  public int maxLabels(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proMaxLabels : freeMaxLabels;
  }
}

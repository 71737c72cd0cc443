package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.LockedUser;

/**
 * Limits of tasks and subtasks.
 *
 * @param freeMax open tasks on the free tier, before perks
 * @param proMax open tasks on Pro, before perks
 * @param freeMaxSubtasks subtasks of one task on the free tier
 * @param proMaxSubtasks subtasks of one task on Pro
 * @param freeDescription characters of a description on the free tier
 * @param proDescription characters of a description on Pro
 */
public record TaskConfig(
    int freeMax,
    int proMax,
    int freeMaxSubtasks,
    int proMaxSubtasks,
    int freeDescription,
    int proDescription) {
  int max(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proMax : freeMax;
  }

  int maxSubtasks(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proMaxSubtasks : freeMaxSubtasks;
  }

  int maxDescription(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proDescription : freeDescription;
  }

  /** The limit that holds before the account's tier is known. */
  public int longestDescription() {
    return Math.max(freeDescription, proDescription);
  }
}

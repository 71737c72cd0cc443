package app.perpetua.flow.achievements;

import app.perpetua.flow.sql.LockedUser.Tier;

/**
 * The tiers' limits, to which perks are added.
 *
 * @param proDailyCredits daily credits on Pro; the free tier has none
 */
public record AchievementConfig(
    int freeMaxTasks, int proMaxTasks, int freeMaxNotes, int proMaxNotes, int proDailyCredits) {
  /** The limit of a tier without perks. */
  int base(Tier tier, Perk.Type limit) {
    boolean pro = tier == Tier.PRO;
    return switch (limit) {
      case MAX_TASKS -> pro ? proMaxTasks : freeMaxTasks;
      case MAX_NOTES -> pro ? proMaxNotes : freeMaxNotes;
      case DAILY_CREDITS -> pro ? proDailyCredits : 0;
    };
  }
}

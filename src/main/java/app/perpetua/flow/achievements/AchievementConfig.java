package app.perpetua.flow.achievements;

import app.perpetua.flow.sql.LockedUser.Tier;

/**
 * The tiers' limits that perks come on top of.
 *
 * @param freeMaxTasks open tasks on the free tier
 * @param proMaxTasks open tasks on Pro
 * @param freeMaxNotes notes on the free tier
 * @param proMaxNotes notes on Pro
 * @param proDailyCredits daily credits on Pro; on the free tier there are none
 */
public record AchievementConfig(
    int freeMaxTasks, int proMaxTasks, int freeMaxNotes, int proMaxNotes, int proDailyCredits) {
  /** What a tier allows, before perks. */
  int base(Tier tier, Perk.Type limit) {
    boolean pro = tier == Tier.PRO;
    return switch (limit) {
      case MAX_TASKS -> pro ? proMaxTasks : freeMaxTasks;
      case MAX_NOTES -> pro ? proMaxNotes : freeMaxNotes;
      case DAILY_CREDITS -> pro ? proDailyCredits : 0;
    };
  }
}

package app.perpetua.flow.achievements;

/**
 * The tiers' limits, to which perks are added.
 *
 * @param proDailyCredits daily credits on Pro; the free tier has none
 */
public record AchievementConfig(
    int freeMaxTasks, int proMaxTasks, int freeMaxNotes, int proMaxNotes, int proDailyCredits) {}

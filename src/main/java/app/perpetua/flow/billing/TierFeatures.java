package app.perpetua.flow.billing;

/**
 * What a tier includes, as the API returns it.
 *
 * @param maxDescriptionLength of a task, in characters
 */
public record TierFeatures(
    int maxSubtasks, int maxDescriptionLength, boolean voiceNotes, int monthlyCredits) {}

package app.perpetua.flow.notes;

/**
 * Limits of notes.
 *
 * @param freeMax unarchived notes on the free tier, before perks (FR-022)
 * @param proMax unarchived notes on Pro, before perks
 * @param maxVoiceSeconds length of a recording (FR-024)
 */
public record NoteConfig(int freeMax, int proMax, int maxVoiceSeconds) {}

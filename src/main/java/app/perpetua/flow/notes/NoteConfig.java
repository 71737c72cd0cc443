package app.perpetua.flow.notes;

/**
 * Limits of notes.
 *
 * @param freeMax notes that are not archived on the free tier, before perks (FR-022)
 * @param proMax the same on Pro
 * @param maxVoiceSeconds how long a recording may be (FR-024)
 */
public record NoteConfig(int freeMax, int proMax, int maxVoiceSeconds) {}

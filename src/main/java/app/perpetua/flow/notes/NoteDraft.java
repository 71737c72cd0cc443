package app.perpetua.flow.notes;

import org.jspecify.annotations.Nullable;

/**
 * A note to be created, its fields valid but for what depends on the account.
 *
 * @param content 1 to 2000 characters; empty only if there is a recording
 * @param voiceUrl where the recording is; null if it was typed
 * @param voiceDurationSeconds how long the recording is; null if unknown, or there is none
 */
public record NoteDraft(
    String content, @Nullable String voiceUrl, @Nullable Integer voiceDurationSeconds) {}

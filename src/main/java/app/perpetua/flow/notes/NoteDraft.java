package app.perpetua.flow.notes;

import org.jspecify.annotations.Nullable;

/**
 * A note to create.
 *
 * @param content at most 2000 characters; empty only if there is a recording
 * @param voiceUrl URL of the recording; null if there is none
 * @param voiceDurationSeconds length of the recording; null if unknown or there is none
 */
record NoteDraft(
    String content, @Nullable String voiceUrl, @Nullable Integer voiceDurationSeconds) {}

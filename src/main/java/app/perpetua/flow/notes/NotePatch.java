package app.perpetua.flow.notes;

import org.jspecify.annotations.Nullable;

/**
 * A partial update of a note; null keeps the old value.
 *
 * @param version the version that the client read; null accepts every version
 * @param content 1 to 2000 characters
 */
record NotePatch(@Nullable Integer version, @Nullable String content, @Nullable Boolean archived) {}

/** Deepgram: speech to text. */
@NullMarked
package app.perpetua.flow.provider.deepgram;

import org.jspecify.annotations.NullMarked;

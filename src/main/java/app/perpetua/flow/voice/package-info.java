/** Speech to text: live over a WebSocket, and of recordings. */
@NullMarked
package app.perpetua.flow.voice;

import org.jspecify.annotations.NullMarked;

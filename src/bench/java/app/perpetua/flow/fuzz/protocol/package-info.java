/** HTTP and WebSocket, byte by byte. */
@NullMarked
package app.perpetua.flow.fuzz.protocol;

import org.jspecify.annotations.NullMarked;

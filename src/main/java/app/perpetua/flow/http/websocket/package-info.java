/** WebSocket upgrades and frames (RFC 6455). */
@NullMarked
package app.perpetua.flow.http.websocket;

import org.jspecify.annotations.NullMarked;

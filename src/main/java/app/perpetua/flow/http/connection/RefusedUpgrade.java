package app.perpetua.flow.http.connection;

import java.util.Map;

/**
 * Why a WebSocket upgrade was refused; the route of the same path answers with it.
 *
 * @param headers of the answer, by name
 */
public record RefusedUpgrade(RuntimeException cause, Map<String, String> headers) {}

package app.perpetua.flow.http;

import java.time.Duration;

/**
 * A request that has been answered, or whose client has gone: what the access log and the metrics
 * are made of.
 *
 * @param exchange what the edge learnt of it
 * @param method the HTTP method; {@code OTHER} unless it is a common one, so that no client can
 *     make up labels
 * @param status the HTTP status of the answer
 * @param took from the end of the request's headers to the end of the answer
 */
public record CompletedRequest(RequestContext exchange, String method, int status, Duration took) {}

package app.perpetua.flow.http.limits;

/**
 * The state of a sliding window after a request.
 *
 * @param allowed whether the request is within the limit, and counted
 * @param remaining requests that may follow at once
 * @param millisUntilNext time until the oldest request leaves the window
 * @param millisUntilReset time until all requests have left it
 */
record WindowState(boolean allowed, int remaining, int millisUntilNext, int millisUntilReset) {}

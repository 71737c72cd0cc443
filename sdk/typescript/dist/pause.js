/**
 * Waits.
 *
 * @param milliseconds no time if negative
 * @param wake the name of an event of the window that ends the wait early
 * @throws the reason of the signal, at once when it is aborted
 */
export function pause(milliseconds, signal, wake) {
    signal?.throwIfAborted();
    return milliseconds <= 0 ? Promise.resolve() : new Promise((resolve, reject) => {
        const over = () => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', over);
            if (wake) {
                globalThis.removeEventListener?.(wake, over);
            }
            if (signal?.aborted) {
                reject(signal.reason);
            }
            else {
                resolve();
            }
        };
        const timer = setTimeout(over, milliseconds);
        signal?.addEventListener('abort', over);
        if (wake) {
            globalThis.addEventListener?.(wake, over);
        }
    });
}
/** A growing and random delay, so that the clients of a service that was away do not return at the same time. */
export function backoff(failures, firstMs, longestMs) {
    return Math.min(longestMs, firstMs * 2 ** failures) * (0.5 + Math.random() / 2);
}

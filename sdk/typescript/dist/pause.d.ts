/**
 * Waits.
 *
 * @param milliseconds no time if negative
 * @param wake the name of an event of the window that ends the wait early
 * @throws the reason of the signal, at once when it is aborted
 */
export declare function pause(milliseconds: number, signal?: AbortSignal, wake?: string): Promise<void>;
/** A growing and random delay, so that the clients of a service that was away do not return at the same time. */
export declare function backoff(failures: number, firstMs: number, longestMs: number): number;

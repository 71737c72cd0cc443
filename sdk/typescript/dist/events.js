import { ApiError } from './error.js';
import { backoff, pause } from './pause.js';
import { serverSent } from './stream.js';
/** The service sends something every 15 seconds; after this time the connection counts as lost, in milliseconds. */
const SILENCE_MS = 45_000;
const LONGEST_RETRY_MS = 30_000;
/**
 * Reads `GET /events` and connects again after each end, as the contract describes. It ends when there is nothing to
 * open again, because the account or the session has ended. The next connection is made when the next event is asked for.
 * After the reason `replaced`, leave the loop, and begin again when the user returns: other clients read instead.
 *
 * @throws ApiError if the stream is refused for good
 */
export async function* events(client, options) {
    const { types, signal } = options;
    let id = options.lastEventId ?? '';
    let retryMs = 1_000;
    let wasVoid = false;
    for (let failures = 0;;) {
        // Leaving the loop closes the connection, also while it is being opened.
        const connection = new AbortController();
        const abort = () => connection.abort(signal?.reason);
        signal?.addEventListener('abort', abort);
        let wait = -1;
        try {
            signal?.throwIfAborted();
            const response = await client.send('GET', '/api/v1/events', {
                query: { types }, headers: id ? { 'Last-Event-ID': id } : {}, signal: connection.signal, attempts: 1,
            }, 'text/event-stream');
            for await (const { name, data, id: eventId, retry } of serverSent(response, SILENCE_MS)) {
                failures = 0;
                id = eventId ?? id;
                retryMs = retry ?? retryMs;
                if (name === 'ready' || name === 'reset') {
                    yield { type: wasVoid ? 'reset' : name, id, data: JSON.parse(data) };
                    wasVoid = false;
                }
                else if (name === 'change') {
                    yield { type: name, id, data: JSON.parse(data) };
                }
                else if (name === 'end') {
                    const end = JSON.parse(data);
                    yield { type: name, id, data: end };
                    if (['account_deleted', 'session_ended'].includes(end.reason)) {
                        return;
                    }
                    wait = end.reason === 'token_expired' ? 0 : retryMs;
                    break;
                }
            }
            if (wait < 0) {
                throw new Error('the stream was cut');
            }
        }
        catch (thrown) {
            signal?.throwIfAborted();
            const error = thrown instanceof ApiError ? thrown : ApiError.unreachable(thrown);
            if (error.status === 400 && id) {
                // The service's data were set back: what was read is void.
                id = '';
                wasVoid = true;
            }
            else if (error.status >= 400 && error.status < 500 && error.retryAfter === undefined) {
                throw error;
            }
            wait = Math.max(backoff(++failures, retryMs, LONGEST_RETRY_MS), (error.retryAfter ?? 0) * 1000);
            yield { type: 'lost', id, error };
        }
        finally {
            signal?.removeEventListener('abort', abort);
            connection.abort();
        }
        await pause(wait, signal, 'online');
    }
}

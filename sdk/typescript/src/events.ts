import type {PerpetuaFlow} from './client.js';
import {ApiError} from './error.js';
import {backoff, pause} from './pause.js';
import {serverSent} from './stream.js';
import type {Schemas} from './types.js';

/**
 * - `ready`: connected; changes after `seq` follow.
 * - `reset`: connected; changes before `seq` may be missing, so read everything again.
 * - `change`: an entity was created, changed or deleted.
 * - `end`: the service has ended the stream for this reason.
 * - `lost`: the connection was lost or is refused; it is opened again after a while.
 *
 * `id` is what `lastEventId` takes to go on after this event, and empty if nothing was received.
 */
export type LiveEvent = {id: string} & (
  | {type: 'ready' | 'reset'; data: Schemas['StreamPosition']}
  | {type: 'change'; data: Schemas['ChangeEvent']}
  | {type: 'end'; data: Schemas['StreamEnd']}
  | {type: 'lost'; error: ApiError});

export interface EventsOptions {
  /** `id` of the last event that was received; by default, only changes from now on are reported. */
  lastEventId?: string;
  /** The types to report, separated by commas; all by default. */
  types?: string;
  signal?: AbortSignal;
}

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
export async function* events(client: PerpetuaFlow, options: EventsOptions): AsyncGenerator<LiveEvent, void, undefined> {
  const {types, signal} = options;
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
        query: {types}, headers: id ? {'Last-Event-ID': id} : {}, signal: connection.signal, attempts: 1,
      }, 'text/event-stream');
      for await (const {name, data, id: eventId, retry} of serverSent(response, SILENCE_MS)) {
        failures = 0;
        id = eventId ?? id;
        retryMs = retry ?? retryMs;
        if (name === 'ready' || name === 'reset') {
          yield {type: wasVoid ? 'reset' : name, id, data: JSON.parse(data)};
          wasVoid = false;
        } else if (name === 'change') {
          yield {type: name, id, data: JSON.parse(data)};
        } else if (name === 'end') {
          const end: Schemas['StreamEnd'] = JSON.parse(data);
          yield {type: name, id, data: end};
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
    } catch (thrown) {
      signal?.throwIfAborted();
      const error = thrown instanceof ApiError ? thrown : ApiError.unreachable(thrown);
      if (error.status === 400 && id) {
        // The service's data were set back: what was read is void.
        id = '';
        wasVoid = true;
      } else if (error.status >= 400 && error.status < 500 && error.retryAfter === undefined) {
        throw error;
      }
      wait = Math.max(backoff(++failures, retryMs, LONGEST_RETRY_MS), (error.retryAfter ?? 0) * 1000);
      yield {type: 'lost', id, error};
    } finally {
      signal?.removeEventListener('abort', abort);
      connection.abort();
    }
    await pause(wait, signal, 'online');
  }
}

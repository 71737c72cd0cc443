import type { PerpetuaFlow } from './client.js';
import { ApiError } from './error.js';
import type { Schemas } from './types.js';
/**
 * - `ready`: connected; changes after `seq` follow.
 * - `reset`: connected; changes before `seq` may be missing, so read everything again.
 * - `change`: an entity was created, changed or deleted.
 * - `end`: the service has ended the stream for this reason.
 * - `lost`: the connection was lost or is refused; it is opened again after a while.
 *
 * `id` is what `lastEventId` takes to go on after this event, and empty if nothing was received.
 */
export type LiveEvent = {
    id: string;
} & ({
    type: 'ready' | 'reset';
    data: Schemas['StreamPosition'];
} | {
    type: 'change';
    data: Schemas['ChangeEvent'];
} | {
    type: 'end';
    data: Schemas['StreamEnd'];
} | {
    type: 'lost';
    error: ApiError;
});
export interface EventsOptions {
    /** `id` of the last event that was received; by default, only changes from now on are reported. */
    lastEventId?: string;
    /** The types to report, separated by commas; all by default. */
    types?: string;
    signal?: AbortSignal;
}
/**
 * Reads `GET /events` and connects again after each end, as the contract describes. It ends when there is nothing to
 * open again, because the account or the session has ended. The next connection is made when the next event is asked for.
 * After the reason `replaced`, leave the loop, and begin again when the user returns: other clients read instead.
 *
 * @throws ApiError if the stream is refused for good
 */
export declare function events(client: PerpetuaFlow, options: EventsOptions): AsyncGenerator<LiveEvent, void, undefined>;

import type { PerpetuaFlow } from './client.js';
import type { Schemas, Sending } from './types.js';
export type Command = Schemas['Command'];
export type CommandResult = Schemas['CommandResult'];
export type Change = Schemas['SyncChange'];
type Now<T> = T | Promise<T>;
/** A copy of the user's data, which `pullChanges` keeps up to date. */
export interface ChangeTarget {
    /** The token that was applied last; empty at the beginning. */
    token(): Now<string>;
    /**
     * Applies the changes in their order and stores the token, both or none. A snapshot begins with the first answer, and
     * with one that is `full` after one that is not. It replaces the copy when `has_more` is false.
     *
     * @param isFirst whether they follow no token, also because it is not accepted any more
     */
    apply(changes: Schemas['Changes'], isFirst: boolean): Now<void>;
}
/** Changes of the user that wait to be sent, which `pushCommands` sends. */
export interface CommandSource {
    /** Those that wait, in their order. */
    waiting(): Now<Command[]>;
    /** These are sent next: the service may have received them from now on, whatever happens. */
    sending?(commands: Command[]): Now<void>;
    /**
     * Removes commands that have a final answer and replaces temporary ids in those that wait, both or none.
     *
     * @param outcomes of commands that have succeeded or were refused; others still wait, with the same `uuid`
     * @param ids of what was created, by their temporary ids
     */
    settle(outcomes: Outcome[], ids: Record<string, string>): Now<void>;
}
export interface Outcome {
    command: Command;
    result: CommandResult;
}
/**
 * Reads what has changed since the last token. The first time, that is everything.
 *
 * @throws ApiError if not all could be read; what was read is applied
 */
export declare function pullChanges(client: PerpetuaFlow, target: ChangeTarget, sending?: Pick<Sending, 'signal' | 'attempts'>): Promise<void>;
/**
 * Sends what waits, in batches, until nothing does. One call at a time may run for a source. Commands of a lost answer
 * are sent again by the next call, and are executed once.
 *
 * @throws ApiError if some still wait; `retryAfter` may tell for how long
 */
export declare function pushCommands(client: PerpetuaFlow, source: CommandSource, sending?: Pick<Sending, 'signal' | 'attempts'>): Promise<void>;
export {};

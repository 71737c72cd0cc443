import type { PerpetuaFlow } from './client.js';
import type { EventsOptions } from './events.js';
import { type Change, type Command, type Outcome } from './sync.js';
/** An entity as the operations of its type return it. */
export type EntityOf<T extends Change['type']> = NonNullable<Extract<Change, {
    type: T;
}>['data']>;
/** What a store needs to go on after a restart, as JSON. */
export interface StoreState {
    token: string;
    /** Whether the last answer had entities of a snapshot. */
    full: boolean;
    entities: Change[];
    /** The part of a snapshot that has been read; undefined if none is being read. */
    snapshot?: Change[] | undefined;
    commands: Command[];
    refused: Outcome[];
}
export interface StoreOptions {
    /** What was saved last. */
    state?: StoreState | undefined;
    /** Returns when it is stored. Called after every change, one call at a time. */
    save?: (state: StoreState) => void | Promise<void>;
}
/**
 * A copy of the user's data in memory, and the changes of the user that wait to be sent. The whole state is saved after
 * each change; for large copies, implement `ChangeTarget` and `CommandSource` over a database instead.
 */
export declare class SyncStore {
    #private;
    /** Changes that the service has refused, until they are dismissed. */
    refused: readonly Outcome[];
    constructor(client: PerpetuaFlow, { state, save }?: StoreOptions);
    /** The changes that wait to be sent, in their order. */
    get waiting(): readonly Command[];
    /** An entity as the service had it; undefined if there is none. */
    get<T extends Change['type']>(type: T, id: string): EntityOf<T> | undefined;
    /** All entities of a type, as the service had them. */
    list<T extends Change['type']>(type: T): EntityOf<T>[];
    /**
     * Stores a change, which the next `sync` sends. It is not applied to the copy.
     *
     * @returns the command; `temp_id` stands in later ones for the id of what it creates
     */
    add(type: Command['type'], args: Record<string, unknown>, ifVersion?: number): Promise<Command>;
    /** Forgets a refused change. */
    dismiss(commandUuid: string): Promise<void>;
    /**
     * Sends what waits and reads what has changed, with all that happened before the call.
     *
     * @throws ApiError if not all could be sent and read; what was is stored
     */
    sync(): Promise<void>;
    /**
     * Keeps the copy up to date until `signal` is aborted, and sends what waits whenever it can be sent.
     *
     * @param changed called when the copy is up to date again
     * @throws ApiError if that is refused for good
     */
    follow(changed: () => void, options?: EventsOptions): Promise<void>;
    toJSON(): StoreState;
}

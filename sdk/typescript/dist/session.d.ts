import type { Schemas } from './types.js';
/** The tokens of a session. */
export interface Tokens {
    access_token: string;
    refresh_token: string;
    /** When the access token expires: milliseconds since 1970, by this machine's clock. */
    expires_at: number;
}
/** Where the tokens of a session are kept. They permit acting as the user. */
export interface SessionStore {
    /** The tokens that were saved last; undefined after the end of the session. */
    load(): Tokens | undefined | Promise<Tokens | undefined>;
    /** Returns when they are stored; undefined removes them. */
    save(tokens: Tokens | undefined): void | Promise<void>;
}
/** Runs one work at a time among all that use the same store. */
export type Lock = <T>(work: () => Promise<T>) => Promise<T>;
/** The tokens of an answer to a sign-in or a refresh. */
export declare function tokensOf({ access_token, refresh_token, expires_in }: Schemas['TokenPair']): Tokens;
/** Gives requests a valid access token. */
export declare class Session {
    #private;
    constructor(store: SessionStore, lock: Lock, refresh: (tokens: Tokens) => Promise<Tokens>);
    /**
     * A valid access token. Of all that need a new one at the same time, only one refreshes: a refresh token is valid
     * once, and one that is sent again after ten seconds counts as stolen and ends the session.
     *
     * @param rejected a token that the service has refused
     * @throws ApiError `SIGNED_OUT` after the end of the session
     */
    token(rejected?: string): Promise<string>;
    /** Removes the tokens and returns them. */
    end(): Promise<Tokens | undefined>;
}
/** Among all tabs of an origin where the Web Locks API exists, otherwise within this client. */
export declare function defaultLock(): Lock;

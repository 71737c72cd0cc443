import {ApiError} from './error.js';
import type {Schemas} from './types.js';

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

/** A token that expires within this time is not sent any more, in milliseconds. */
const MARGIN_MS = 30_000;

/** The tokens of an answer to a sign-in or a refresh. */
export function tokensOf({access_token, refresh_token, expires_in}: Schemas['TokenPair']): Tokens {
  return {access_token, refresh_token, expires_at: Date.now() + expires_in * 1000};
}

/** Gives requests a valid access token. */
export class Session {
  readonly #store: SessionStore;
  readonly #lock: Lock;
  readonly #refresh: (tokens: Tokens) => Promise<Tokens>;

  constructor(store: SessionStore, lock: Lock, refresh: (tokens: Tokens) => Promise<Tokens>) {
    this.#store = store;
    this.#lock = lock;
    this.#refresh = refresh;
  }

  /**
   * A valid access token. Of all that need a new one at the same time, only one refreshes: a refresh token is valid
   * once, and one that is sent again after ten seconds counts as stolen and ends the session.
   *
   * @param rejected a token that the service has refused
   * @throws ApiError `SIGNED_OUT` after the end of the session
   */
  token(rejected?: string): Promise<string> {
    return this.#lock(async () => {
      const tokens = await this.#store.load();
      if (!tokens) {
        throw ApiError.signedOut();
      }
      if (tokens.expires_at > Date.now() + MARGIN_MS && tokens.access_token !== rejected) {
        return tokens.access_token;
      }
      try {
        const renewed = await this.#refresh(tokens);
        await this.#store.save(renewed);
        return renewed.access_token;
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.status === 401) {
          await this.#store.save(undefined);
          throw ApiError.signedOut();
        }
        throw thrown;
      }
    });
  }

  /** Removes the tokens and returns them. */
  end(): Promise<Tokens | undefined> {
    return this.#lock(async () => {
      const tokens = await this.#store.load();
      await this.#store.save(undefined);
      return tokens;
    });
  }
}

/** Among all tabs of an origin where the Web Locks API exists, otherwise within this client. */
export function defaultLock(): Lock {
  if (globalThis.navigator?.locks) {
    return work => navigator.locks.request('perpetua-flow.session', work) as ReturnType<typeof work>;
  }
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
}

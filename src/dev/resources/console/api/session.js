import {ApiError, PerpetuaFlow, tokensOf} from '../sdk/index.js';
import {thisDevice} from './device.js';

/** @typedef {import('./schemas.js').Schemas['SignedInUser']} SignedInUser */

/**
 * What is stored of a session. `obtained_at` is a time in milliseconds, by this browser's clock.
 * @typedef {import('../sdk/index.js').Tokens & {user: SignedInUser, obtained_at: number}} Stored
 */

const PREFIX = 'perpetua-flow.session.';

/**
 * The session of one person, shared by all tabs in which that person works. Dispatches `end`.
 *
 * Tokens are in localStorage, which every script of this origin can read. The console's Content-Security-Policy
 * admits no script but its own; an application with foreign scripts keeps tokens in a cookie of its own backend.
 */
export class Session extends EventTarget {
  #service;
  #exchanges;
  #key;

  /**
   * @param {string} service base URL
   * @param {import('./exchanges.js').Exchanges} exchanges
   * @param {string} userId
   */
  constructor(service, exchanges, userId) {
    super();
    this.#service = service;
    this.#exchanges = exchanges;
    this.#key = PREFIX + userId;
    addEventListener('storage', event => {
      if (event.key === this.#key && event.newValue === null) {
        this.dispatchEvent(new Event('end'));
      }
    });
  }

  /** The people who are signed in in this browser. @returns {SignedInUser[]} */
  static people() {
    return Object.keys(localStorage)
        .filter(key => key.startsWith(PREFIX))
        .map(key => JSON.parse(localStorage.getItem(key) ?? '').user);
  }

  /**
   * Exchanges Google's ID token for tokens of the service.
   * @param {string} service
   * @param {import('./exchanges.js').Exchanges} exchanges
   * @param {string} idToken
   */
  static async signIn(service, exchanges, idToken) {
    const answer = await withoutSession(service, exchanges)
        .request('POST', '/api/v1/auth/google/callback', {body: {id_token: idToken, device: thisDevice()}});
    const session = new Session(service, exchanges, answer.user.id);
    session.#write(tokensOf(answer), answer.user);
    return session;
  }

  /** @returns {SignedInUser | undefined} undefined after the end */
  get user() {
    return this.#read()?.user;
  }

  /** Changes what is remembered of the person. @param {Partial<SignedInUser>} changed */
  remember(changed) {
    const stored = this.#read();
    if (stored) {
      localStorage.setItem(this.#key, JSON.stringify({...stored, user: {...stored.user, ...changed}}));
    }
  }

  /** Where the SDK finds the tokens, and stores new ones. @type {import('../sdk/index.js').SessionStore} */
  get store() {
    return {
      load: () => this.#read(),
      save: tokens => {
        const user = this.user;
        if (tokens && user) {
          this.#write(tokens, user);
        } else {
          this.#end();
        }
      },
    };
  }

  /** Among all tabs of the person. @type {import('../sdk/index.js').Lock} */
  get lock() {
    return work => /** @type {ReturnType<typeof work>} */ (navigator.locks.request(this.#key, work));
  }

  /**
   * Gets new tokens, unless these are newer than a change that made older ones invalid.
   * @param {number} changedAt time in milliseconds, by this browser's clock
   * @param {() => Promise<string>} [silently] gets an ID token without asking the person, if refreshing is refused
   * @param {() => Promise<unknown>} [change] makes the tokens invalid; meanwhile no tab gets one
   */
  async renew(changedAt, silently, change) {
    await this.lock(async () => {
      await change?.();
      const stored = this.#read();
      if (!stored || stored.obtained_at > changedAt) {
        return;
      }
      const {refresh_token} = stored;
      try {
        const answer = await withoutSession(this.#service, this.#exchanges)
            .request('POST', '/api/v1/auth/refresh', {body: {refresh_token}});
        this.#write(tokensOf(answer), stored.user);
      } catch (thrown) {
        if (!(thrown instanceof ApiError && thrown.status === 401)) {
          throw thrown;
        }
        if (!silently) {
          this.#end();
          throw ApiError.signedOut();
        }
        await Session.signIn(this.#service, this.#exchanges, await silently());
      }
    });
  }

  /** Signs out in all tabs. The service revokes the refresh token. */
  async signOut() {
    const stored = this.#read();
    this.#end();
    if (stored) {
      const {refresh_token} = stored;
      await withoutSession(this.#service, this.#exchanges).request('POST', '/api/v1/auth/logout', {body: {refresh_token}});
    }
  }

  /** @returns {Stored | undefined} */
  #read() {
    const text = localStorage.getItem(this.#key);
    return text ? JSON.parse(text) : undefined;
  }

  /** @param {import('../sdk/index.js').Tokens} tokens @param {SignedInUser} user */
  #write(tokens, user) {
    localStorage.setItem(this.#key, JSON.stringify({user, ...tokens, obtained_at: Date.now()}));
  }

  #end() {
    localStorage.removeItem(this.#key);
    // Other tabs get a storage event, this one does not.
    this.dispatchEvent(new Event('end'));
  }
}

/**
 * For what needs no token. Failures are shown at once.
 * @param {string} service
 * @param {import('./exchanges.js').Exchanges} exchanges
 */
function withoutSession(service, exchanges) {
  return new PerpetuaFlow({baseUrl: service, fetch: (url, init) => exchanges.fetch(url, init), attempts: 2, maxWait: 0});
}

import {thisDevice} from './device.js';
import {ApiFailure, SignedOut, Unreachable} from './failures.js';

/** @typedef {import('./schemas.js').Schemas['SignedInUser']} SignedInUser */

/**
 * What is stored of a session.
 * @typedef {object} Stored
 * @property {SignedInUser} user
 * @property {string} access_token
 * @property {string} refresh_token
 * @property {number} obtained_at time in milliseconds, by this browser's clock
 * @property {number} expires_at likewise
 */

const PREFIX = 'perpetua-flow.session.';

/** A token that expires within this time is not sent any more, in milliseconds. */
const MARGIN = 30_000;

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
    const answer = await post(service, exchanges, '/api/v1/auth/google/callback', {id_token: idToken, device: thisDevice()});
    const session = new Session(service, exchanges, answer.user.id);
    session.#store(answer, answer.user);
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

  /**
   * A valid access token. If tabs need a new one at the same time, only one refreshes: a refresh token is valid once,
   * and one that is sent again later counts as stolen and ends the session.
   * @param {string} [rejected] a token that the service has refused
   */
  async token(rejected) {
    return navigator.locks.request(this.#key, async () => {
      const stored = this.#read();
      if (!stored) {
        throw new SignedOut();
      }
      const isFresh = stored.expires_at > Date.now() + MARGIN;
      return isFresh && stored.access_token !== rejected ? stored.access_token : this.#refresh(stored);
    });
  }

  /**
   * Gets new tokens, unless these are newer than a change that made older ones invalid.
   * @param {number} changedAt time in milliseconds, by this browser's clock
   * @param {() => Promise<string>} [silently] gets an ID token without asking the person, if refreshing is refused
   * @param {() => Promise<unknown>} [change] makes the tokens invalid; meanwhile no tab gets one
   */
  async renew(changedAt, silently, change) {
    await navigator.locks.request(this.#key, async () => {
      await change?.();
      const stored = this.#read();
      if (!stored || stored.obtained_at > changedAt) {
        return;
      }
      try {
        await this.#refresh(stored, silently !== undefined);
      } catch (failure) {
        if (!(failure instanceof SignedOut) || !silently) {
          throw failure;
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
      await post(this.#service, this.#exchanges, '/api/v1/auth/logout', {refresh_token: stored.refresh_token});
    }
  }

  /** @param {Stored} stored @param {boolean} [staysOpen] whether the session goes on if this is refused */
  async #refresh(stored, staysOpen = false) {
    try {
      // Repeating is safe: for some seconds, the service answers the same token with the same successor.
      const answer = await post(this.#service, this.#exchanges, '/api/v1/auth/refresh',
          {refresh_token: stored.refresh_token});
      this.#store(answer, stored.user);
      return String(answer.access_token);
    } catch (failure) {
      if (failure instanceof ApiFailure && failure.status === 401) {
        if (!staysOpen) {
          this.#end();
        }
        throw new SignedOut();
      }
      throw failure;
    }
  }

  /** @returns {Stored | undefined} */
  #read() {
    const text = localStorage.getItem(this.#key);
    return text ? JSON.parse(text) : undefined;
  }

  /**
   * @param {{access_token: string, refresh_token: string, expires_in: number}} answer
   * @param {SignedInUser} user
   */
  #store({access_token, refresh_token, expires_in}, user) {
    const obtained_at = Date.now();
    const expires_at = obtained_at + expires_in * 1000;
    localStorage.setItem(this.#key, JSON.stringify({user, access_token, refresh_token, obtained_at, expires_at}));
  }

  #end() {
    localStorage.removeItem(this.#key);
    // Other tabs get a storage event, this one does not.
    this.dispatchEvent(new Event('end'));
  }
}

/**
 * Requests of `/auth` need neither a token nor a key.
 * @param {string} service
 * @param {import('./exchanges.js').Exchanges} exchanges
 * @param {string} path
 * @param {{id_token: string, device: import('./device.js').Device} | {refresh_token: string}} values
 */
async function post(service, exchanges, path, values) {
  const headers = {'Content-Type': 'application/json'};
  const body = JSON.stringify(values);
  const secret = JSON.stringify(values, (name, value) => name.endsWith('_token') ? '…' : value);
  const exchange = exchanges.begin({method: 'POST', url: service + path, headers, body: secret});
  let response;
  let text;
  try {
    response = await fetch(service + path, {method: 'POST', headers, body});
    exchange.responded(response);
    text = await response.text();
  } catch {
    exchange.failed('no answer');
    throw new Unreachable();
  }
  exchange.received(response.ok ? 'tokens are not shown' : text);
  exchange.ended();
  const json = text ? JSON.parse(text) : {};
  if (!response.ok) {
    throw new ApiFailure(response.status, json.error, response.headers);
  }
  return json;
}

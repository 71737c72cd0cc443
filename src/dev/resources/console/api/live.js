import {ApiFailure, SignedOut} from './failures.js';
import {EVERYTHING, topicsOf} from './changes.js';
import {pause} from './client.js';
import {eventsOf} from './events.js';

/** @typedef {import('./schemas.js').Schemas['ChangeEvent']} ChangeEvent */

/**
 * - `waiting`: between two streams.
 * - `offline`: the service cannot be reached, or refuses.
 * - `follower`: another tab reads the stream and announces what it reports.
 * - `hidden`: the tab has been out of sight for long.
 * - `replaced`: the person has opened too many newer streams, and has not come back to this one.
 * @typedef {'starting' | 'follower' | 'connecting' | 'open' | 'waiting' | 'offline' | 'hidden' | 'replaced' | 'ended'} LiveState
 */

/** @typedef {{at: number, name: string, data: string}} Reported */

/**
 * Where the reader is. `lastEventId` continues the stream, `token` the reading of changes; empty at the beginning.
 * @typedef {{lastEventId: string, token: string}} Position
 */

/** A tab that was out of sight for this time lets another one read, in milliseconds. */
const HIDDEN_MS = 60_000;

/** The service sends something every 15 seconds; after this time the connection counts as lost, in milliseconds. */
const SILENCE_MS = 45_000;

/** Until the service names another time to connect again, in milliseconds. */
const RETRY_MS = 1_000;

const LONGEST_RETRY_MS = 30_000;

/** Longest wait of the first view for the first connection, in milliseconds. */
const FIRST_MS = 1_000;

/** Changes that arrive within this time are announced together, in milliseconds. */
const GATHER_MS = 20;

/** How many events are kept for people. */
const KEPT = 50;

/** Most changes that an answer of `GET /sync` may have. */
const LARGEST_PAGE = 1000;

/**
 * Changes of the person's data as they happen, on all devices and by jobs. One tab of a person reads `GET /events` and announces which
 * views have to load again; it calls `GET /sync` after each connection, for what happened before it. Dispatches `change`
 * when something of it has changed, and `open` after each connection.
 */
export class Live extends EventTarget {
  /** @type {LiveState} */
  state = 'starting';
  /** The last events, newest first. @type {Reported[]} */
  events = [];
  /** @type {Position} */
  position = {lastEventId: '', token: ''};
  #api;
  #changes;
  #name;
  #tabs;
  /** The version of each entity that all tabs have been told of. @type {Map<string, number>} */
  #versions = new Map();
  /** Types of entities that have changed and were not announced yet. @type {Set<string>} */
  #gathered = new Set();
  /** Whether views may have loaded before the first connection. */
  #mayHaveMissed = false;
  #retry = RETRY_MS;
  /** The state of the tab that reads, if another one does. @type {LiveState | undefined} */
  #readerState;

  /**
   * @param {import('./client.js').ApiClient} api
   * @param {import('./changes.js').Changes} changes
   * @param {string} userId
   */
  constructor(api, changes, userId) {
    super();
    this.#api = api;
    this.#changes = changes;
    this.#name = `perpetua-flow.live.${userId}`;
    this.#tabs = new BroadcastChannel(this.#name);
    this.#tabs.onmessage = ({data}) => this.#told(data);
    // The views have been told of what this tab writes: its events report nothing new.
    api.addEventListener('write', event => {
      const {id, version} = /** @type {CustomEvent} */ (event).detail.answer?.data ?? {};
      if (id && version) {
        this.#versions.set(id, version);
        this.#tell({wrote: {id, version}});
      }
    });
  }

  /**
   * Begins, and waits a moment for the first connection, so that nothing changes unnoticed between the first loading
   * of a view and the connection.
   * @param {AbortSignal} signal ends it
   */
  async start(signal) {
    signal.addEventListener('abort', () => this.#tabs.close());
    this.#tell({asks: true});
    const decided = new Promise(resolve => {
      for (const type of ['change', 'open']) {
        this.addEventListener(type, () => ['follower', 'open', 'waiting', 'offline'].includes(this.state) && resolve(true),
            {signal});
      }
    });
    this.#takeTurns(signal).catch(() => {
      // Signed out, in this tab or another.
    });
    await Promise.race([decided, pause(FIRST_MS, signal).catch(() => {})]);
    this.#mayHaveMissed = this.state !== 'open' && this.state !== 'follower';
  }

  /** Whether the service cannot be reached, as far as is known. */
  get isOffline() {
    return (this.state === 'follower' ? this.#readerState : this.state) === 'offline';
  }

  /** Reads while this tab is in sight and no other tab does. @param {AbortSignal} signal */
  async #takeTurns(signal) {
    while (!signal.aborted) {
      await shown(signal);
      const turn = new AbortController();
      const leave = afterHidden(HIDDEN_MS, () => turn.abort());
      const turnOrEnd = AbortSignal.any([signal, turn.signal]);
      try {
        const {held} = await navigator.locks.query();
        if (held?.some(({name}) => name === this.#name)) {
          this.#set('follower');
        }
        await navigator.locks.request(this.#name, {signal: turnOrEnd}, () => this.#read(turnOrEnd));
      } catch (thrown) {
        if (!turn.signal.aborted) {
          throw thrown;
        }
      } finally {
        leave();
      }
      if (turn.signal.aborted) {
        this.#set('hidden');
      }
    }
  }

  /** Keeps a stream open. @param {AbortSignal} signal */
  async #read(signal) {
    for (let failures = 0; !signal.aborted;) {
      try {
        const reason = await this.#connect(signal);
        failures = 0;
        if (reason === 'account_deleted') {
          this.#set('ended');
          return;
        }
        if (reason === 'replaced') {
          this.#set('replaced');
          await once(window, 'focus', signal);
        } else if (reason !== 'token_expired') {
          this.#set('waiting');
          await pause(this.#retry, signal);
        }
      } catch (thrown) {
        if (signal.aborted || thrown instanceof SignedOut) {
          throw thrown;
        }
        if (thrown instanceof ApiFailure && thrown.status === 400) {
          // The service's data were set back: what was read is void.
          this.position.lastEventId = '';
          this.#forget();
        }
        failures++;
        this.#set('offline');
        // Views may show what was kept from earlier.
        this.#mayHaveMissed = true;
        const longest = Math.min(LONGEST_RETRY_MS, this.#retry * 2 ** failures);
        // All clients of a service that was away would come back at the same time.
        const sooner = new AbortController();
        await Promise.race([
          pause(longest * (0.5 + Math.random() / 2), AbortSignal.any([signal, sooner.signal])),
          once(window, 'online', AbortSignal.any([signal, sooner.signal])),
        ]).finally(() => sooner.abort());
      }
    }
  }

  /**
   * Reads one stream to its end.
   * @param {AbortSignal} signal
   * @returns {Promise<string>} the reason of the end
   * @throws {unknown} if the stream is refused or cut
   */
  async #connect(signal) {
    const silence = new AbortController();
    let timer = 0;
    const heard = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => silence.abort(new Error('no sign of life')), SILENCE_MS);
    };
    this.#set('connecting');
    const {lastEventId} = this.position;
    const {response, exchange} = await this.#api.listen('/api/v1/events', {
      ...(lastEventId && {headers: {'Last-Event-ID': lastEventId}}),
      signal: AbortSignal.any([signal, silence.signal]),
    });
    try {
      heard();
      for await (const event of eventsOf(response, exchange, heard)) {
        const reason = this.#received(event, signal);
        if (reason) {
          return reason;
        }
      }
      throw new Error('the stream was cut');
    } finally {
      clearTimeout(timer);
      silence.abort();
      exchange.ended();
    }
  }

  /**
   * @param {import('./events.js').ServerEvent} event
   * @param {AbortSignal} signal
   * @returns {string} the reason if it was the last event
   */
  #received({name, data, id, retry}, signal) {
    this.#retry = retry ?? this.#retry;
    this.#tell({reported: {at: Date.now(), name, data}, position: {lastEventId: id ?? this.position.lastEventId}});
    if (name === 'reset') {
      this.#forget();
    }
    if (name === 'ready' || name === 'reset') {
      this.#set('open');
      this.dispatchEvent(new Event('open'));
      this.#catchUp(signal).catch(() => {
        // After the next connection.
        this.#mayHaveMissed ||= this.position.token === '';
      });
    } else if (name === 'change') {
      this.#gather(JSON.parse(data));
    }
    return name === 'end' ? JSON.parse(data).reason : '';
  }

  /** What was read so far says nothing about the present. */
  #forget() {
    this.position.token = '';
    this.#versions.clear();
    this.#mayHaveMissed = true;
  }

  /** Reads what has changed since the last time. The first time, that is everything. @param {AbortSignal} signal */
  async #catchUp(signal) {
    let {token} = this.position;
    let hasMore = true;
    while (hasMore) {
      /** @type {import('./schemas.js').Schemas['ChangesAnswer']} */
      let answer;
      try {
        answer = await this.#api.get('/api/v1/sync', {query: {token, limit: LARGEST_PAGE}, signal});
      } catch (thrown) {
        if (token && thrown instanceof ApiFailure && thrown.status === 400) {
          token = '';
          this.#mayHaveMissed = true;
          continue;
        }
        throw thrown;
      }
      const {changes, full, has_more} = answer.data;
      // Views have loaded what they show of a snapshot.
      changes.forEach(change => full ? this.#isNew(change) : this.#gather(change));
      token = answer.data.token;
      hasMore = has_more;
    }
    this.#tell({position: {token}});
    if (this.#mayHaveMissed) {
      this.#mayHaveMissed = false;
      this.#changes.announce(EVERYTHING);
    }
  }

  /** @param {ChangeEvent | import('./schemas.js').Schemas['SyncChange']} change */
  #gather(change) {
    if (this.#isNew(change)) {
      if (this.#gathered.size === 0) {
        setTimeout(() => {
          this.#changes.announce(topicsOf(this.#gathered));
          this.#gathered.clear();
        }, GATHER_MS);
      }
      this.#gathered.add(change.type);
    }
  }

  /** @param {{id: string, version: number | null}} change */
  #isNew({id, version}) {
    if (version === null) {
      // Deleted, or of a type without versions.
      this.#versions.delete(id);
      return true;
    }
    const isNew = version > (this.#versions.get(id) ?? 0);
    if (isNew) {
      this.#versions.set(id, version);
    }
    return isNew;
  }

  /** @param {LiveState} state */
  #set(state) {
    if (this.state !== state) {
      this.state = state;
      if (state !== 'follower') {
        this.#tabs.postMessage({readerState: state});
      }
      this.dispatchEvent(new Event('change'));
    }
  }

  /**
   * A message to all tabs of the person, this one included.
   * @typedef {{asks?: true, wrote?: {id: string, version: number}, reported?: Reported, position?: Partial<Position>,
   *   readerState?: LiveState}} Told
   */

  /** @param {Told} message */
  #tell(message) {
    this.#tabs.postMessage(message);
    if (!message.asks && !message.wrote) {
      this.#told(message);
    }
  }

  /** @param {Told} message */
  #told({asks, wrote, reported, position, readerState}) {
    if (asks && !['starting', 'follower', 'hidden'].includes(this.state)) {
      this.#tabs.postMessage({position: this.position, readerState: this.state});
    }
    if (readerState && readerState !== this.#readerState) {
      this.#readerState = readerState;
      this.dispatchEvent(new Event('change'));
    }
    if (wrote) {
      this.#versions.set(wrote.id, wrote.version);
    }
    Object.assign(this.position, position);
    if (reported) {
      this.events = [reported, ...this.events].slice(0, KEPT);
      this.dispatchEvent(new Event('change'));
    }
  }
}

/**
 * @param {EventTarget} target
 * @param {string} type
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function once(target, type, signal) {
  return new Promise((resolve, reject) => {
    target.addEventListener(type, () => resolve(), {once: true, signal});
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
}

/** Waits until the page can be seen. @param {AbortSignal} signal */
async function shown(signal) {
  while (document.hidden) {
    await once(document, 'visibilitychange', signal);
  }
}

/**
 * Calls once the page has been out of sight for a time without interruption.
 * @param {number} milliseconds
 * @param {() => void} call
 * @returns {() => void} ends the observation
 */
function afterHidden(milliseconds, call) {
  const end = new AbortController();
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = window.setTimeout(call, milliseconds);
    }
  };
  document.addEventListener('visibilitychange', look, {signal: end.signal});
  look();
  return () => {
    clearTimeout(timer);
    end.abort();
  };
}

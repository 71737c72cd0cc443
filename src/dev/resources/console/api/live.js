import {pause, pullChanges} from '../sdk/index.js';
import {EVERYTHING, topicsOf} from './changes.js';

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

/** Before a stream is opened again that the SDK has given up, in milliseconds. */
const RETRY_MS = 1_000;

/** Longest wait of the first view for the first connection, in milliseconds. */
const FIRST_MS = 1_000;

/** Changes that arrive within this time are announced together, in milliseconds. */
const GATHER_MS = 20;

/** How many events are kept for people. */
const KEPT = 50;

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
    for (;;) {
      this.#set('connecting');
      for await (const event of this.#api.sdk.events({lastEventId: this.position.lastEventId, signal})) {
        this.#received(event, signal);
        if (this.state === 'ended') {
          return;
        }
        if (this.state === 'replaced') {
          await once(window, 'focus', signal);
          break;
        }
      }
      // The session may have ended, which the next request shows.
      await pause(this.state === 'replaced' ? 0 : RETRY_MS, signal);
    }
  }

  /** @param {import('../sdk/index.js').LiveEvent} event @param {AbortSignal} signal */
  #received(event, signal) {
    if (event.type === 'lost') {
      this.#set('offline');
      // Views may show what was kept from earlier.
      this.#mayHaveMissed = true;
      return;
    }
    const {type, id} = event;
    this.#tell({reported: {at: Date.now(), name: type, data: JSON.stringify(event.data)}, position: {lastEventId: id}});
    if (type === 'reset') {
      this.#forget();
    }
    if (type === 'ready' || type === 'reset') {
      this.#set('open');
      this.dispatchEvent(new Event('open'));
      this.#catchUp(signal).catch(() => {
        // After the next connection.
        this.#mayHaveMissed ||= this.position.token === '';
      });
    } else if (event.type === 'change') {
      this.#gather(event.data);
    } else if (event.type === 'end') {
      const {reason} = event.data;
      this.#set(reason === 'account_deleted' ? 'ended' : reason === 'replaced' ? 'replaced' : 'waiting');
    }
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
    await pullChanges(this.#api.sdk, {
      token: () => token,
      apply: (answer, isFirst) => {
        // A token that is not accepted any more.
        this.#mayHaveMissed ||= isFirst && token !== '';
        // Views have loaded what they show of a snapshot.
        answer.changes.forEach(change => answer.full ? this.#isNew(change) : this.#gather(change));
        token = answer.token;
      },
    }, {signal});
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

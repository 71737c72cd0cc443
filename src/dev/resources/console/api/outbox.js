import {pushCommands} from '../sdk/index.js';
import {TEMPORARY} from './commands.js';
import {isSignedOut} from './failures.js';

/**
 * @typedef {import('./commands.js').Command} Command
 * @typedef {import('./commands.js').CommandError} CommandError
 * @typedef {import('./client.js').Before} Before
 */

/**
 * A change that waits, or that was refused.
 * @typedef {object} Entry
 * @property {string} key of its place in the queue
 * @property {Command} command
 * @property {Before} before what the person saw, as far as it is changed, and what names it
 * @property {boolean} wasSent whether the service may have received it
 * @property {Refusal} [refused]
 */

/**
 * Why the service refused a change. `saved` is the entity as it is now, if somebody else has changed it.
 * @typedef {CommandError & {saved?: Record<string, unknown>}} Refusal
 */

const FIRST_RETRY_MS = 500;

const LONGEST_RETRY_MS = 30_000;

/** What the entity is called in the path that reads it. @type {Record<string, '/api/v1/tasks/{id}' | '/api/v1/notes/{id}'>} */
const READ_AT = {task: '/api/v1/tasks/{id}', note: '/api/v1/notes/{id}'};

/**
 * The changes of a person that could not be sent. They are stored in this browser, each under a key of its own, so that
 * no tab overwrites what another one adds, and are sent in order when the service can be reached: one tab at a time, and
 * each change with the same uuid until it has an answer. Dispatches `change`, and `sent` with the results and new ids
 * after a batch.
 */
export class Outbox extends EventTarget {
  #api;
  #prefix;
  /** @type {Entry[]} */
  #entries = [];
  #added = 0;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isSending = false;
  /** @type {AbortSignal | undefined} */
  #signal;
  /** The ids of what was created, by their temporary names, which screens may still have. @type {Record<string, string>} */
  #ids = {};

  /** @param {import('./client.js').ApiClient} api @param {string} userId */
  constructor(api, userId) {
    super();
    this.#api = api;
    this.#prefix = `perpetua-flow.outbox.${userId}.`;
    this.#read();
  }

  /** @param {AbortSignal} signal ends the sending; what waits stays stored */
  start(signal) {
    this.#signal = signal;
    addEventListener('storage', ({key}) => {
      if (key === null || key.startsWith(this.#prefix)) {
        this.#changed();
      }
    }, {signal});
    addEventListener('online', () => this.send(), {signal});
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
    this.send();
  }

  /** All changes in their order. */
  get entries() {
    return this.#entries;
  }

  /** Those that will be sent. */
  get waiting() {
    return this.#entries.filter(({refused}) => !refused);
  }

  /** Those that the person has to decide about. */
  get refused() {
    return this.#entries.filter(({refused}) => refused);
  }

  /** Whether a change that is made now has to wait behind others. */
  get isWaiting() {
    return this.waiting.length > 0;
  }

  /**
   * Stores a change.
   * @param {Command} command
   * @param {Before} before
   * @param {boolean} wasSent
   */
  add(command, before, wasSent) {
    const earlier = this.waiting.filter(entry => concerns(entry, String(command.args.id)));
    const last = earlier.at(-1);
    if (last && !last.wasSent && isMergeable(last, command)) {
      const {version, id, ...changed} = command.args;
      this.#write({...last, command: {...last.command, args: {...last.command.args, ...changed}},
        before: {...before, ...last.before}});
    } else {
      const isBased = !wasSent && earlier.length === 0 && before.version !== undefined && !('version' in command.args) &&
        (command.type.endsWith('.delete') || 'content' in command.args);
      this.#write({
        key: `${this.#prefix}${String(Date.now()).padStart(15, '0')}-${String(this.#added++).padStart(6, '0')}-${command.uuid}`,
        command: isBased ? {...command, if_version: before.version} : command,
        before: relevant(before, command.args),
        wasSent,
      });
    }
    this.#changed();
    this.#sendLater();
  }

  /**
   * Forgets what waits to be created, if the service cannot know it.
   * @param {string} id temporary
   * @returns {boolean} false if it has to be deleted
   */
  withdraw(id) {
    const creation = this.waiting.find(({command, wasSent}) => command.temp_id === id && !wasSent);
    if (creation) {
      this.drop(creation);
    }
    return creation !== undefined;
  }

  /** Withdraws a deletion that waits. @param {string} id */
  keep(id) {
    this.waiting
        .filter(({command: {type, args}}) => type.endsWith('.delete') && args.id === id)
        .forEach(entry => this.drop(entry));
  }

  /** Forgets everything, because the account is gone. */
  clear() {
    this.#entries.forEach(({key}) => localStorage.removeItem(key));
    this.#changed();
  }

  /** Forgets a change, and those that need what it would have created. @param {Entry} entry */
  drop({key, command}) {
    localStorage.removeItem(key);
    if (command.temp_id) {
      this.#entries
          .filter(entry => entry.key !== key && JSON.stringify(entry.command.args).includes(String(command.temp_id)))
          .forEach(entry => this.drop(entry));
    }
    this.#changed();
  }

  /**
   * Sends a refused change again, perhaps with other values. That is another intent.
   * @param {Entry} entry
   * @param {Record<string, unknown>} [values]
   */
  retry({refused, ...entry}, values = {}) {
    const {command} = entry;
    this.#write({...entry, wasSent: false, command: rebased({...command, args: {...command.args, ...values}},
        refused?.current_version)});
    for (const {refused: reason, ...other} of this.refused) {
      if (reason?.code === 'DEPENDENCY_FAILED' && command.temp_id &&
          JSON.stringify(other.command.args).includes(command.temp_id)) {
        this.#write({...other, wasSent: false, command: {...other.command, uuid: crypto.randomUUID()}});
      }
    }
    this.#changed();
    this.send();
  }

  /** Sends what waits, if no other tab does. */
  async send() {
    if (this.#isSending || !this.isWaiting) {
      return;
    }
    this.#isSending = true;
    clearTimeout(this.#timer);
    try {
      await navigator.locks.request(this.#prefix, async () => {
        await pushCommands(this.#api.sdk, {
          waiting: () => {
            // Another tab may have sent it meanwhile.
            this.#read();
            return this.waiting.map(({command}) => command);
          },
          sending: commands => this.#sending(commands),
          settle: (outcomes, ids) => this.#settle(outcomes, ids),
        }, {attempts: 1});
      });
      this.#failures = 0;
    } catch (thrown) {
      if (isSignedOut(thrown)) {
        // It stays stored until the person signs in again.
        return;
      }
      this.#failures++;
    }
    this.#isSending = false;
    if (this.isWaiting) {
      this.#sendLater();
    }
  }

  #sendLater() {
    clearTimeout(this.#timer);
    if (this.#signal?.aborted) {
      return;
    }
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#timer = setTimeout(() => this.send(), longest * (0.5 + Math.random() / 2));
  }

  /**
   * Before they are sent, so that they are never taken for unsent after a reload. Without a network nothing leaves the
   * machine.
   * @param {import('../sdk/index.js').Command[]} commands
   */
  #sending(commands) {
    const uuids = new Set(commands.map(({uuid}) => uuid));
    this.waiting
        .filter(({command}) => uuids.has(command.uuid))
        .forEach(entry => this.#write({...entry, wasSent: entry.wasSent || navigator.onLine}));
    this.#read();
  }

  /** @param {import('../sdk/index.js').Outcome[]} outcomes @param {Record<string, string>} ids */
  async #settle(outcomes, ids) {
    for (const {command: {uuid}, result: {error}} of outcomes) {
      const entry = this.waiting.find(({command}) => command.uuid === uuid);
      if (entry && error) {
        await this.#refuse(entry, error);
      } else if (entry) {
        localStorage.removeItem(entry.key);
      }
    }
    this.#read();
    this.#resolve(ids);
    this.#changed();
    this.dispatchEvent(new CustomEvent('sent', {detail: {results: outcomes.map(({result}) => result), ids}}));
  }

  /** @param {Entry} entry @param {CommandError} error */
  async #refuse(entry, error) {
    const {command, before} = entry;
    const path = READ_AT[command.type.split('.')[0] ?? ''];
    /** @type {Refusal} */
    const refused = {...error};
    if (error.current_version !== undefined && path) {
      const {data} = await this.#api.get(path, {path: {id: String(command.args.id)}});
      refused.saved = {...data};
      const isUntouched = command.type.endsWith('.update') && Object.keys(before)
          .every(name => name === 'version' || !(name in command.args) || Reflect.get(data, name) === before[name]);
      if (isUntouched) {
        // A subtask, for example, also makes a new version.
        this.#write({...entry, wasSent: false, command: rebased(command, data.version)});
        return;
      }
    }
    this.#write({...entry, refused});
  }

  /**
   * The same with ids in the place of temporary names, as far as they are known.
   * @template T
   * @param {T} value of JSON
   * @returns {T}
   */
  resolved(value) {
    const text = JSON.stringify(value);
    return text?.includes(TEMPORARY)
      ? JSON.parse(Object.entries(this.#ids).reduce((result, [name, id]) => result.replaceAll(name, id), text))
      : value;
  }

  /** Puts the ids of what was created into the changes that still wait. @param {Record<string, string>} ids */
  #resolve(ids) {
    Object.assign(this.#ids, ids);
    for (const entry of this.#entries) {
      const args = this.resolved(entry.command.args);
      if (args !== entry.command.args) {
        this.#write({...entry, command: {...entry.command, args}});
      }
    }
  }

  /** @param {Entry} entry */
  #write({key, ...rest}) {
    localStorage.setItem(key, JSON.stringify(rest));
  }

  #read() {
    this.#entries = Object.keys(localStorage)
        .filter(key => key.startsWith(this.#prefix))
        .sort()
        .map(key => ({key, ...JSON.parse(localStorage.getItem(key) ?? '')}));
  }

  #changed() {
    this.#read();
    this.dispatchEvent(new Event('change'));
  }
}

/** Whether a change is of this entity. @param {Entry} entry @param {string} id */
function concerns({command: {args, temp_id}}, id) {
  return args.id === id || temp_id === id;
}

/** Whether a change that was not sent yet can contain a later one of the same entity. @param {Entry} entry @param {Command} later */
function isMergeable({command}, later) {
  const names = Object.keys(later.args).filter(name => name !== 'id' && name !== 'version');
  return later.type.endsWith('.update') && (command.type === later.type ||
    // What can be set from the beginning.
    (command.type.endsWith('.create') && command.temp_id === later.args.id &&
      names.every(name => !['completed', 'hidden', 'archived'].includes(name))));
}

/**
 * What the person saw of that which is changed, and what names it.
 * @param {Before} before
 * @param {Record<string, unknown>} args
 */
function relevant(before, args) {
  return Object.fromEntries(Object.entries(before).filter(([name]) =>
    ['title', 'content', 'version'].includes(name) || name in args));
}

/** As a new intent, based on that version. @param {Command} command @param {number | undefined} version @returns {Command} */
function rebased(command, version) {
  const {args, if_version, ...rest} = command;
  return {
    ...rest,
    uuid: crypto.randomUUID(),
    args: 'version' in args && version !== undefined ? {...args, version} : args,
    ...(if_version !== undefined && {if_version: version}),
  };
}


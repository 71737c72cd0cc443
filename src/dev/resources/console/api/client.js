import {Intent, PerpetuaFlow} from '../sdk/index.js';
import {commandOf} from './commands.js';
import {isUnreachable, Queued} from './failures.js';

/** @template {import('../sdk/index.js').Method} M @typedef {import('../sdk/index.js').PathOf<M>} PathOf */
/** @template O @typedef {import('../sdk/index.js').AnswerOf<O>} AnswerOf */
/**
 * @template {import('../sdk/index.js').Method} M
 * @template {keyof import('../sdk/index.js').paths} P
 * @typedef {import('../sdk/index.js').OperationOf<M, P>} Operation
 */

/** What a request has besides method and path. @template O @typedef {import('../sdk/index.js').OptionsOf<O> & Change} Options */

/**
 * @typedef {object} Change
 * @property {Before} [before] what the person saw before a change, in case it has to wait
 * @property {Intent} [intent] for writes that a person may have to send again; otherwise each call is an intent
 */

/**
 * An entity as the person saw it: its text, to name it, and its version, to notice that somebody else has changed it.
 * @typedef {{title?: string, content?: string, version?: number, [field: string]: unknown}} Before
 */

/** @typedef {{path?: any, query?: any, body?: unknown, headers?: any, signal?: AbortSignal} & Change} AnyOptions */

/**
 * A successful write.
 * @typedef {object} Written
 * @property {string} path as in the contract
 * @property {AnyOptions} options
 * @property {any} answer
 * @property {string} requestId by which the activity log names what it has changed
 */

/** So many requests are kept for what a person does. */
const RESERVED = 30;

/** The period of the rate limit, in milliseconds. */
const LIMITED_MS = 60_000;

/**
 * Calls the service in the name of one person, by the SDK. Changes that cannot be sent wait in the outbox, and reads that
 * have no answer return the last one. Dispatches `write` (detail: `Written`) after each successful write, `wait` (detail:
 * seconds) before it waits for a limit, and `reachability` when `isUnreachable` changes.
 */
export class ApiClient extends EventTarget {
  /** Takes the changes that cannot be sent; without it, they fail. @type {import('./outbox.js').Outbox | undefined} */
  outbox;
  /** Keeps answers for when the service cannot be reached. @type {import('./kept.js').KeptAnswers | undefined} */
  kept;
  /** Whether the last request had no answer. */
  isUnreachable = false;
  /** The requests that the rate limit still permitted, and when that was known, in milliseconds. */
  #permitted = {count: Infinity, at: 0};

  /**
   * @param {string} service base URL
   * @param {import('./session.js').Session} session
   * @param {import('./exchanges.js').Exchanges} exchanges
   */
  constructor(service, session, exchanges) {
    super();
    this.sdk = new PerpetuaFlow({
      baseUrl: service,
      session: session.store,
      lock: session.lock,
      fetch: async (url, init) => {
        try {
          const response = await exchanges.fetch(url, init);
          this.#reached(true);
          const permitted = response.headers.get('X-RateLimit-Remaining');
          if (permitted !== null) {
            this.#permitted = {count: Number(permitted), at: performance.now()};
          }
          return response;
        } catch (thrown) {
          if (!init.signal?.aborted) {
            this.#reached(false);
          }
          throw thrown;
        }
      },
      onWait: seconds => this.dispatchEvent(new CustomEvent('wait', {detail: seconds})),
    });
  }

  /**
   * @template {PathOf<'GET'>} P
   * @param {P} path as in the contract, with names in braces
   * @param {Options<Operation<'GET', P>>} [options]
   * @returns {Promise<AnswerOf<Operation<'GET', P>>>}
   */
  get(path, options) {
    return this.#read(path, options ?? {});
  }

  /**
   * @template {PathOf<'POST'>} P
   * @param {P} path
   * @param {Options<Operation<'POST', P>>} [options]
   * @returns {Promise<AnswerOf<Operation<'POST', P>>>}
   */
  post(path, options) {
    return this.#write('POST', path, options);
  }

  /** Whether the rate limit has room for requests that can be left out, such as those while a text is typed. */
  get hasRoom() {
    return this.#permitted.count > RESERVED || performance.now() - this.#permitted.at > LIMITED_MS;
  }

  /**
   * Sends a POST that stores nothing, such as a preview: it does not wait in the outbox, and views do not load after it.
   * @template {PathOf<'POST'>} P
   * @param {P} path
   * @param {Options<Operation<'POST', P>>} options
   * @returns {Promise<AnswerOf<Operation<'POST', P>>>}
   */
  ask(path, options) {
    return this.#request('POST', path, {...options, attempts: 1});
  }

  /**
   * @template {PathOf<'PUT'>} P
   * @param {P} path
   * @param {Options<Operation<'PUT', P>>} [options]
   * @returns {Promise<AnswerOf<Operation<'PUT', P>>>}
   */
  put(path, options) {
    return this.#write('PUT', path, options);
  }

  /**
   * @template {PathOf<'PATCH'>} P
   * @param {P} path
   * @param {Options<Operation<'PATCH', P>>} [options]
   * @returns {Promise<AnswerOf<Operation<'PATCH', P>>>}
   */
  patch(path, options) {
    return this.#write('PATCH', path, options);
  }

  /**
   * @template {PathOf<'DELETE'>} P
   * @param {P} path
   * @param {Options<Operation<'DELETE', P>>} [options]
   * @returns {Promise<AnswerOf<Operation<'DELETE', P>>>}
   */
  delete(path, options) {
    return this.#write('DELETE', path, options);
  }

  /**
   * @param {'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
   * @param {string} path
   * @param {AnyOptions} [given]
   * @returns {Promise<any>}
   */
  async #write(method, path, given = {}) {
    const {intent = new Intent(), before = {}, ...rest} = given;
    // A screen may not have loaded yet what was created when the connection came back.
    const options = {...rest, path: this.outbox?.resolved(rest.path) ?? rest.path,
      body: this.outbox?.resolved(rest.body) ?? rest.body};
    const key = intent.keyFor(JSON.stringify([method, path, options.path, options.query, options.body]));
    const command = this.outbox && commandOf(method, path, options);
    const queue = (/** @type {boolean} */ wasSent) => {
      if (command) {
        intent.done();
        this.outbox?.add({...command, uuid: key}, before, wasSent);
      }
      return new Queued();
    };
    if (command && this.outbox?.isWaiting) {
      // The order is kept.
      throw queue(false);
    }
    const wasOnline = navigator.onLine;
    let requestId = '';
    let answer;
    try {
      answer = await this.#request(method, path, {...options, key, ...(command && {attempts: 1}),
        onResponse: (/** @type {Response} */ {headers}) => { requestId = headers.get('X-Request-ID') ?? ''; }});
    } catch (thrown) {
      throw command && isUnreachable(thrown) ? queue(wasOnline) : thrown;
    }
    intent.done();
    this.dispatchEvent(new CustomEvent('write', {detail: {path, options: {...options, before}, answer, requestId}}));
    return answer;
  }

  /** @param {string} path @param {AnyOptions} options @returns {Promise<any>} */
  async #read(path, options) {
    const request = JSON.stringify([path, options.path, options.query]);
    const kept = this.kept?.of(path, request);
    try {
      const answer = await this.#request('GET', path, {...options, ...((kept || this.isUnreachable) && {attempts: 1})});
      this.kept?.keep(path, request, answer);
      return answer;
    } catch (thrown) {
      if (!kept || !isUnreachable(thrown)) {
        throw thrown;
      }
      return kept;
    }
  }

  /** As the public methods, whose types have been checked. @param {...any} request @returns {Promise<any>} */
  #request(...request) {
    return Reflect.apply(this.sdk.request, this.sdk, request);
  }

  /** @param {boolean} isReached */
  #reached(isReached) {
    if (this.isUnreachable === isReached) {
      this.isUnreachable = !isReached;
      this.dispatchEvent(new Event('reachability'));
    }
  }
}

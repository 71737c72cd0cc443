import {commandOf} from './commands.js';
import {ApiFailure, Queued, Unreachable} from './failures.js';
import {filled, queryOf} from './urls.js';

/**
 * @typedef {import('./schemas.js').Paths} Paths
 * @typedef {import('./schemas.js').Method} Method
 */
/** @template {Method} M @typedef {import('./schemas.js').PathWith<M>} PathWith */
/** @template {Method} M @template {keyof Paths} P @typedef {import('./schemas.js').Operation<M, P>} Operation */
/** @template O @typedef {import('./schemas.js').Answer<O>} Answer */

/**
 * What a request has besides method and path.
 * @template O
 * @typedef {object} Options
 * @property {import('./schemas.js').PathParameters<O>} [path]
 * @property {import('./schemas.js').QueryParameters<O>} [query]
 * @property {import('./schemas.js').Body<O>} [body]
 * @property {import('./schemas.js').HeaderParameters<O>} [headers]
 * @property {Before} [before] what the person saw before a change, in case it has to wait
 * @property {Intent} [intent] for writes that a person may have to send again; otherwise each call is an intent
 * @property {AbortSignal} [signal]
 * @property {boolean} [isPoll] whether it is repeated at an interval
 */

/**
 * An entity as the person saw it: its text, to name it, and its version, to notice that somebody else has changed it.
 * @typedef {{title?: string, content?: string, version?: number, [field: string]: unknown}} Before
 */

/**
 * A successful write.
 * @typedef {object} Written
 * @property {string} path as in the contract
 * @property {AnyOptions} options
 * @property {any} answer
 * @property {string} requestId by which the activity log names what it has changed
 */

/** @typedef {{path?: any, query?: any, body?: unknown, before?: Before, headers?: any, intent?: Intent, signal?: AbortSignal, isPoll?: boolean}} AnyOptions */

/**
 * @typedef {object} Limits
 * @property {number} [attempts] how often a request is sent at most
 * @property {number} [networkAttempts] how often it is sent at most while there is no answer
 * @property {boolean} [isKeyed] whether a write has an idempotency key
 */

const ATTEMPTS = 4;

/** Longest wait that the service may ask for and get, in seconds: a window of the rate limits. */
const LONGEST_WAIT = 60;

/**
 * Something that a person wants to happen once, however often it has to be sent: it has one idempotency key as long
 * as the request stays the same, so that a form keeps one intent and passes it with every attempt.
 */
export class Intent {
  #key;
  #request;

  /** @param {{key: string, request: string}} [stored] what `toJSON` returned, to go on after a reload of the page */
  constructor({key, request} = {key: '', request: ''}) {
    this.#key = key;
    this.#request = request;
  }

  /** What can be stored. */
  toJSON() {
    return {key: this.#key, request: this.#request};
  }

  /** The key for a request. @param {string} request method, path and body */
  keyFor(request) {
    if (this.#request !== request) {
      this.#request = request;
      this.#key = crypto.randomUUID();
    }
    return this.#key;
  }

  /** What was wanted has happened: the same request would now be another intent. */
  done() {
    this.#request = '';
  }
}

/**
 * Calls the service's API in the name of one person. Dispatches `write` (detail: `Written`) after each successful write,
 * `wait` (detail: seconds) before it waits for a limit, and `reachability` when `isUnreachable` changes.
 */
export class ApiClient extends EventTarget {
  /** Takes the changes that cannot be sent; without it, they fail. @type {import('./outbox.js').Outbox | undefined} */
  outbox;
  /** Keeps answers for when the service cannot be reached. @type {import('./kept.js').KeptAnswers | undefined} */
  kept;
  /** Whether the last request had no answer. */
  isUnreachable = false;
  #service;
  #session;
  #exchanges;
  /** When the limit of general requests is over, by `performance.now()`; other requests would only be refused. */
  #limitedUntil = 0;

  /**
   * @param {string} service base URL
   * @param {import('./session.js').Session} session
   * @param {import('./exchanges.js').Exchanges} exchanges
   */
  constructor(service, session, exchanges) {
    super();
    this.#service = service;
    this.#session = session;
    this.#exchanges = exchanges;
  }

  /**
   * @template {PathWith<'get'>} P
   * @param {P} path as in the contract, with names in braces
   * @param {Options<Operation<'get', P>>} [options]
   * @returns {Promise<Answer<Operation<'get', P>>>}
   * @throws {ApiFailure | Unreachable | import('./failures.js').SignedOut}
   */
  get(path, options) {
    return this.#json('GET', path, options);
  }

  /**
   * @template {PathWith<'post'>} P
   * @param {P} path
   * @param {Options<Operation<'post', P>>} [options]
   * @returns {Promise<Answer<Operation<'post', P>>>}
   * @throws {ApiFailure | Unreachable | import('./failures.js').SignedOut}
   */
  post(path, options) {
    return this.#json('POST', path, options);
  }

  /**
   * @template {PathWith<'put'>} P
   * @param {P} path
   * @param {Options<Operation<'put', P>>} [options]
   * @returns {Promise<Answer<Operation<'put', P>>>}
   * @throws {ApiFailure | Unreachable | import('./failures.js').SignedOut}
   */
  put(path, options) {
    return this.#json('PUT', path, options);
  }

  /**
   * @template {PathWith<'patch'>} P
   * @param {P} path
   * @param {Options<Operation<'patch', P>>} [options]
   * @returns {Promise<Answer<Operation<'patch', P>>>}
   * @throws {ApiFailure | Unreachable | import('./failures.js').SignedOut}
   */
  patch(path, options) {
    return this.#json('PATCH', path, options);
  }

  /**
   * @template {PathWith<'delete'>} P
   * @param {P} path
   * @param {Options<Operation<'delete', P>>} [options]
   * @returns {Promise<Answer<Operation<'delete', P>>>}
   * @throws {ApiFailure | Unreachable | import('./failures.js').SignedOut}
   */
  delete(path, options) {
    return this.#json('DELETE', path, options);
  }

  /**
   * Posts and returns the open answer, for streams. The caller reads the body and ends the exchange.
   * @template {PathWith<'post'>} P
   * @param {P} path
   * @param {Options<Operation<'post', P>>} options
   */
  stream(path, options) {
    return this.#send('POST', path, options, 'text/event-stream');
  }

  /**
   * Opens a stream of what happens. As with `stream`, the caller reads it; and connects again after the end.
   * @template {PathWith<'get'>} P
   * @param {P} path
   * @param {Options<Operation<'get', P>>} options
   */
  listen(path, options) {
    return this.#send('GET', path, options, 'text/event-stream', {attempts: 2});
  }

  /**
   * Sends commands that have waited. Each has a key of its own, and the answer has a result for each.
   * @param {import('./commands.js').Command[]} commands at most 100
   * @returns {Promise<import('./commands.js').BatchAnswer>}
   * @throws {ApiFailure | Unreachable | import('./failures.js').SignedOut}
   */
  async batch(commands) {
    const {text} = await this.#text('POST', '/api/v1/sync', {body: {commands}}, {isKeyed: false, networkAttempts: 1});
    return JSON.parse(text);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {AnyOptions} [options]
   * @returns {Promise<any>}
   */
  async #json(method, path, options = {}) {
    if (method === 'GET') {
      return this.#read(path, options);
    }
    // A screen may not have loaded yet what was created when the connection came back.
    options = {...options, path: this.outbox?.resolved(options.path) ?? options.path,
      body: this.outbox?.resolved(options.body) ?? options.body};
    const intent = options.intent ?? new Intent();
    const command = this.outbox && commandOf(method, path, options);
    const queue = (/** @type {boolean} */ wasSent) => {
      const uuid = intent.keyFor(requestOf(method, this.#urlOf(path, options), options));
      intent.done();
      this.outbox?.add({type: '', args: {}, ...command, uuid}, options.before ?? {}, wasSent);
      return new Queued();
    };
    if (command && this.outbox?.isWaiting) {
      // The order is kept.
      throw queue(false);
    }
    const wasOnline = navigator.onLine;
    let written;
    try {
      written = await this.#text(method, path, {...options, intent}, command ? {networkAttempts: 1} : {});
    } catch (thrown) {
      throw command && thrown instanceof Unreachable ? queue(wasOnline) : thrown;
    }
    const {text, requestId} = written;
    const answer = text ? JSON.parse(text) : undefined;
    intent.done();
    this.dispatchEvent(new CustomEvent('write', {detail: {path, options, answer, requestId}}));
    return answer;
  }

  /** @param {string} path @param {AnyOptions} options @returns {Promise<any>} */
  async #read(path, options) {
    const url = this.#urlOf(path, options);
    const kept = this.kept?.of(path, url);
    let text;
    try {
      ({text} = await this.#text('GET', path, options, kept || this.isUnreachable ? {networkAttempts: 1} : {}));
      this.kept?.keep(path, url, text);
    } catch (thrown) {
      if (!kept || !(thrown instanceof Unreachable)) {
        throw thrown;
      }
      text = kept;
    }
    return JSON.parse(text);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {AnyOptions} options
   * @param {Limits} limits
   */
  async #text(method, path, options, limits) {
    const {response, exchange} = await this.#send(method, path, options, 'application/json', limits);
    try {
      const text = await response.text();
      exchange.received(text);
      exchange.ended();
      return {text, requestId: response.headers.get('X-Request-ID') ?? ''};
    } catch (thrown) {
      exchange.failed(options.signal?.aborted ? 'aborted' : 'cut');
      throw options.signal?.aborted ? thrown : new Unreachable();
    }
  }

  /** @param {boolean} isReached */
  #reached(isReached) {
    if (this.isUnreachable === isReached) {
      this.isUnreachable = !isReached;
      this.dispatchEvent(new Event('reachability'));
    }
  }

  /** @param {string} path @param {AnyOptions} options */
  #urlOf(path, options) {
    return this.#service + filled(path, options.path ?? {}) + queryOf(options.query ?? {});
  }

  /**
   * Sends until there is a final answer: again with a new token if the token has expired, after the time that the
   * service names if a limit is reached, and with the same key if it is unknown whether a request arrived.
   * @param {string} method
   * @param {string} path
   * @param {AnyOptions} options
   * @param {string} accept
   * @param {Limits} [limits]
   */
  async #send(method, path, options, accept, {attempts = ATTEMPTS, networkAttempts = attempts, isKeyed = true} = {}) {
    const url = this.#urlOf(path, options);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const intent = options.intent ?? new Intent();
    const key = method === 'GET' || !isKeyed ? '' : intent.keyFor(requestOf(method, url, options));
    /** @type {string | undefined} */
    let rejected;
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === attempts;
      await pause(this.#limitedUntil - performance.now(), options.signal);
      const token = await this.#session.token(rejected);
      /** @type {Record<string, string>} */
      const headers = {Accept: accept, Authorization: `Bearer ${token}`, ...options.headers};
      if (key) {
        headers['Idempotency-Key'] = key;
      }
      if (body !== undefined) {
        headers['Content-Type'] = 'application/json';
      }
      const exchange = this.#exchanges.begin({method, url, headers, body, isPoll: options.isPoll});
      let response;
      try {
        response = await fetch(url, {method, headers, body, signal: options.signal});
      } catch (failure) {
        const aborted = options.signal?.aborted;
        exchange.failed(aborted ? 'aborted' : 'no answer');
        if (aborted) {
          throw failure;
        }
        this.#reached(false);
        if (attempt >= networkAttempts) {
          throw new Unreachable();
        }
        await pause(2 ** attempt * 250, options.signal);
        continue;
      }
      exchange.responded(response);
      this.#reached(true);
      if (response.ok) {
        return {response, exchange};
      }
      const failure = await failureOf(response, exchange);
      if (failure.status === 401 && rejected === undefined && !isLast) {
        rejected = token;
      } else if (!isLast && isWorthWaiting(failure)) {
        const seconds = Math.max(1, Number(response.headers.get('Retry-After') ?? 1));
        if (failure.status === 429 && response.headers.get('RateLimit')?.startsWith('"general"')) {
          this.#limitedUntil = performance.now() + seconds * 1000;
        }
        this.dispatchEvent(new CustomEvent('wait', {detail: seconds}));
        await pause(seconds * 1000, options.signal);
      } else {
        throw failure;
      }
    }
  }
}

/** What an intent stands for. @param {string} method @param {string} url @param {AnyOptions} options */
function requestOf(method, url, {body}) {
  return `${method} ${url} ${body === undefined ? undefined : JSON.stringify(body)}`;
}

/**
 * @param {Response} response
 * @param {import('./exchanges.js').Exchange} exchange
 */
async function failureOf(response, exchange) {
  const text = await response.text();
  exchange.received(text);
  exchange.ended();
  try {
    return new ApiFailure(response.status, JSON.parse(text).error, response.headers);
  } catch {
    // A proxy's page, for example.
    const message = `HTTP status ${response.status}`;
    return new ApiFailure(response.status, {code: 'UNKNOWN', message}, response.headers);
  }
}

/** Whether the same request can succeed after the time that the service names. @param {ApiFailure} failure */
function isWorthWaiting({code, headers}) {
  return ['RATE_LIMIT_EXCEEDED', 'IDEMPOTENCY_IN_PROGRESS', 'SERVICE_UNAVAILABLE'].includes(code) &&
      Number(headers.get('Retry-After') ?? 1) <= LONGEST_WAIT;
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return milliseconds <= 0 ? Promise.resolve() : new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, {once: true});
  });
}

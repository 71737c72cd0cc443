// Everything that the console sends and receives, for the panel that shows it.

const KEPT = 200;

/**
 * @typedef {object} Sent
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {string} [body]
 * @property {boolean} [isPoll] whether it is repeated at an interval, which fills the list
 */

/** One request with its answer, or one WebSocket with its messages. */
export class Exchange {
  status = 0;
  /** Set once it is over. @type {number | undefined} */
  milliseconds = undefined;
  /** @type {[string, string][]} */
  answerHeaders = [];
  answer = '';
  /** Why there is no answer. */
  failure = '';
  #begun = performance.now();
  #changed;

  /**
   * @param {number} id
   * @param {Sent} request
   * @param {() => void} changed
   */
  constructor(id, request, changed) {
    this.id = id;
    this.request = request;
    this.at = new Date();
    this.#changed = changed;
  }

  /** @param {Response} response */
  responded(response) {
    this.status = response.status;
    this.answerHeaders = [...response.headers];
    this.#changed();
  }

  /** A piece of the answer's body has arrived. @param {string} text */
  received(text) {
    this.answer += text;
    this.#changed();
  }

  ended() {
    this.milliseconds = Math.round(performance.now() - this.#begun);
    this.#changed();
  }

  /** @param {string} reason */
  failed(reason) {
    this.failure = reason;
    this.ended();
  }

  /** A command that sends the same request. It contains the access token. */
  curl() {
    const {method, url, headers, body} = this.request;
    const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
    const parts = [`curl -sS -X ${method} ${quote(url)}`];
    for (const [name, value] of Object.entries(headers)) {
      parts.push(`-H ${quote(`${name}: ${value}`)}`);
    }
    if (body !== undefined) {
      parts.push(`-d ${quote(body)}`);
    }
    return parts.join(' \\\n  ');
  }
}

/** The last exchanges, newest first. Dispatches `change`. */
export class Exchanges extends EventTarget {
  /** @type {Exchange[]} */
  list = [];
  #next = 1;

  /** @param {Sent} request */
  begin(request) {
    const exchange = new Exchange(this.#next++, request, () => this.#changed());
    this.list.unshift(exchange);
    this.list.length = Math.min(this.list.length, KEPT);
    this.#changed();
    return exchange;
  }

  clear() {
    this.list = [];
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

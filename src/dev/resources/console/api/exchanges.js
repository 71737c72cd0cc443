// Everything that the console sends and receives, for the panel that shows it.

const KEPT = 200;

/** Members of these requests and answers. A feed's address is its secret. */
const SECRET_MEMBER = /_token$|^secret$|^url$/;

/** Their answers, and some of their bodies, have secrets. */
const SECRET = /^\/api\/v1\/(auth\/|tokens$|calendar-feeds$|webhooks\/endpoints)/;

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

  /**
   * Sends a request of the SDK. What it and its answer contain is kept as it is sent and arrives; secrets are
   * not.
   * @param {string} url
   * @param {RequestInit} init
   */
  async fetch(url, init) {
    const isSecret = SECRET.test(new URL(url).pathname);
    const body = typeof init.body === 'string' ? init.body : undefined;
    const exchange = this.begin({
      method: init.method ?? 'GET', url, headers: Object.fromEntries(new Headers(init.headers)),
      body: body && isSecret ? withoutTokens(body) : body,
    });
    try {
      const response = await fetch(url, init);
      exchange.responded(response);
      // Chromium gives an answer without content a body, with which no other answer can be made.
      if (!response.body || response.status === 204) {
        exchange.ended();
        return response;
      }
      const followed = follow(response.body, exchange, isSecret && response.ok, init.signal);
      return new Response(followed, {status: response.status, headers: response.headers});
    } catch (thrown) {
      exchange.failed(init.signal?.aborted ? 'aborted' : 'no answer');
      throw thrown;
    }
  }

  clear() {
    this.list = [];
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** @param {string} body JSON */
function withoutTokens(body) {
  return JSON.stringify(JSON.parse(body), (name, value) => SECRET_MEMBER.test(name) ? '…' : value);
}

/**
 * The same bytes, with the exchange told of them.
 * @param {ReadableStream<Uint8Array>} body
 * @param {Exchange} exchange
 * @param {boolean} isSecret
 * @param {AbortSignal | null} [signal]
 * @returns {ReadableStream<Uint8Array>}
 */
function follow(body, exchange, isSecret, signal) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  return new ReadableStream({
    async pull(controller) {
      try {
        const {done, value} = await reader.read();
        if (done) {
          exchange.received(isSecret ? 'tokens are not shown' : '');
          exchange.ended();
          controller.close();
        } else {
          exchange.received(isSecret ? '' : decoder.decode(value, {stream: true}));
          controller.enqueue(value);
        }
      } catch (thrown) {
        exchange.failed(signal?.aborted ? 'aborted' : 'cut');
        controller.error(thrown);
      }
    },
    cancel(reason) {
      exchange.ended();
      return reader.cancel(reason);
    },
  }, {highWaterMark: 0});
}

import {ApiError} from '../sdk/index.js';

/** A call of the control port failed. */
export class ControlFailure extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * The dev server's control port, which is also the origin of this page. A client of the service in production has
 * nothing like it.
 */
export class ControlPort {
  #exchanges;

  /** @param {import('./exchanges.js').Exchanges} exchanges */
  constructor(exchanges) {
    this.#exchanges = exchanges;
  }

  /**
   * @param {string} path
   * @param {{isPoll?: boolean}} [options]
   * @returns {Promise<any>}
   */
  get(path, {isPoll = false} = {}) {
    return this.#call('GET', path, undefined, isPoll);
  }

  /**
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  post(path, body = {}) {
    return this.#call('POST', path, JSON.stringify(body));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string} [body]
   * @param {boolean} [isPoll]
   */
  async #call(method, path, body, isPoll = false) {
    /** @type {Record<string, string>} */
    const headers = {Accept: 'application/json'};
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
    }
    const exchange = this.#exchanges.begin({method, url: location.origin + path, headers, body, isPoll});
    let response;
    try {
      response = await fetch(path, {method, headers, body});
    } catch {
      exchange.failed('no answer');
      throw ApiError.unreachable();
    }
    exchange.responded(response);
    const json = await response.json();
    exchange.received(JSON.stringify(json, (name, value) => name.endsWith('_token') ? '…' : value));
    exchange.ended();
    if (!response.ok) {
      throw new ControlFailure(response.status, json.error.message);
    }
    return json;
  }
}

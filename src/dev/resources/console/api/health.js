import {ApiError} from '../sdk/index.js';

/** @typedef {import('./schemas.js').Schemas['Readiness'] | import('./schemas.js').Schemas['Unreadiness']} Health */

/**
 * Whether the service is ready, and which checks failed if not. It needs no token, and the 503 of a service that is
 * not ready has no error object, so ApiClient does not fit.
 * @param {string} service base URL
 * @param {import('./exchanges.js').Exchanges} exchanges
 * @returns {Promise<Health>}
 * @throws {ApiError}
 */
export async function readiness(service, exchanges) {
  const url = `${service}/health/ready`;
  const headers = {Accept: 'application/json'};
  const exchange = exchanges.begin({method: 'GET', url, headers, isPoll: true});
  try {
    const response = await fetch(url, {headers});
    exchange.responded(response);
    const text = await response.text();
    exchange.received(text);
    exchange.ended();
    return JSON.parse(text);
  } catch {
    exchange.failed('no answer');
    throw ApiError.unreachable();
  }
}

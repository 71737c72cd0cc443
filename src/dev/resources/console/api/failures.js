import {ApiError} from '../sdk/index.js';

/** The service could not be reached, and the change waits in this browser until it can be sent: nothing has failed. */
export class Queued extends Error {
  constructor() {
    super('Waits for the connection.');
  }
}

/** Whether the service could not be reached. @param {unknown} thrown */
export function isUnreachable(thrown) {
  return thrown instanceof ApiError && thrown.code === 'UNREACHABLE';
}

/** Whether the session has ended, which the sign-in page says. @param {unknown} thrown */
export function isSignedOut(thrown) {
  return thrown instanceof ApiError && thrown.code === 'SIGNED_OUT';
}

/** A sentence for people about anything that was thrown. @param {unknown} thrown */
export function sentence(thrown) {
  if (thrown instanceof ApiError) {
    const details = thrown.details.map(({field, message}) => `${field} ${message}`);
    return asSentence(details.length > 0 ? details.join('; ') : thrown.message);
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Messages of the service begin small and have no full stop, so that clients can embed them. @param {string} message */
export function asSentence(message) {
  return message && `${message[0]?.toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
}

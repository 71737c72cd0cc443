/** The service answered with an error: `code` is for decisions, `message` for people. */
export class ApiFailure extends Error {
  /**
   * @param {number} status
   * @param {{code: string, message: string, details?: {field: string, message: string}[], [name: string]: unknown}} error
   *     `error` of the answer
   * @param {Headers} headers
   */
  constructor(status, error, headers) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.error = error;
    this.headers = headers;
  }

  /** What is wrong with a field of the request; empty if nothing is. @param {string} name */
  field(name) {
    return this.error.details?.find(({field}) => field === name)?.message ?? '';
  }
}

/** The service could not be reached; it is unknown whether it received the request. */
export class Unreachable extends Error {
  constructor() {
    super('The service cannot be reached.');
  }
}

/** The service could not be reached, and the change waits in this browser until it can be sent: nothing has failed. */
export class Queued extends Error {
  constructor() {
    super('Waits for the connection.');
  }
}

/** The session has ended: the person has to sign in again. */
export class SignedOut extends Error {
  constructor() {
    super('The session has ended. Sign in again.');
  }
}

/** A sentence for people about anything that was thrown. @param {unknown} thrown */
export function sentence(thrown) {
  if (thrown instanceof ApiFailure) {
    const details = thrown.error.details?.map(({field, message}) => `${field} ${message}`) ?? [];
    return asSentence(details.length > 0 ? details.join('; ') : thrown.message);
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Messages of the service begin small and have no full stop, so that clients can embed them. @param {string} message */
export function asSentence(message) {
  return message && `${message[0]?.toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
}

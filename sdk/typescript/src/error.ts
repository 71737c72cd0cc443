import type {Schemas} from './types.js';

/** Code of the contract, or of this client: `UNREACHABLE` without an answer, `SIGNED_OUT` without a session. */
export type Code = Schemas['ErrorCode'] | 'UNREACHABLE' | 'SIGNED_OUT' | 'UNKNOWN' | (string & {});

/** An error of the contract with whatever members it has. */
export interface ErrorMembers {
  code: string;
  message: string;
  details?: Schemas['FieldFault'][];
  [member: string]: unknown;
}

/** Anything that prevents a successful answer: `code` is for decisions, `message` for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: Code;
  /** The HTTP status; 0 if there was no answer. It is unknown then whether the service received the request. */
  readonly status: number;
  /** Seconds after which the same request may succeed; undefined if the service names none. */
  readonly retryAfter: number | undefined;
  /** Which rate limit is reached, such as `general`; empty if none is. */
  readonly limit: string;
  /** Names the request in the service's log; empty without an answer. */
  readonly requestId: string;
  /** The invalid fields, with `VALIDATION_ERROR`. */
  readonly details: readonly Schemas['FieldFault'][];
  /** The other members of the error, such as `current_version` or `limit`. */
  readonly extras: Readonly<Record<string, unknown>>;

  constructor(status: number, {code, message, details, ...extras}: ErrorMembers, headers?: Headers, cause?: unknown) {
    super(message, cause === undefined ? undefined : {cause});
    const retryAfter = Number(headers?.get('Retry-After') ?? extras['retry_after'] ?? NaN);
    this.status = status;
    this.code = code;
    this.retryAfter = Number.isFinite(retryAfter) ? retryAfter : undefined;
    this.limit = status === 429 ? /^"([^"]*)"/.exec(headers?.get('RateLimit') ?? '')?.[1] ?? '' : '';
    this.requestId = headers?.get('X-Request-ID') ?? String(extras['request_id'] ?? '');
    this.details = details ?? [];
    this.extras = extras;
  }

  /** What is wrong with a field of the request; empty if nothing is. */
  field(name: string): string {
    return this.details.find(({field}) => field === name)?.message ?? '';
  }

  static unreachable(cause?: unknown): ApiError {
    return new ApiError(0, {code: 'UNREACHABLE', message: 'The service cannot be reached.'}, undefined, cause);
  }

  static signedOut(): ApiError {
    return new ApiError(401, {code: 'SIGNED_OUT', message: 'The session has ended. Sign in again.'});
  }

  /** Reads the error of an unsuccessful answer. */
  static async of(response: Response): Promise<ApiError> {
    const text = await response.text();
    try {
      return new ApiError(response.status, JSON.parse(text).error, response.headers);
    } catch {
      // A proxy's page, for example.
      const message = `HTTP status ${response.status}`;
      return new ApiError(response.status, {code: 'UNKNOWN', message}, response.headers);
    }
  }
}

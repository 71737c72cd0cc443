import type { Schemas } from './types.js';
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
export declare class ApiError extends Error {
    readonly name = "ApiError";
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
    constructor(status: number, { code, message, details, ...extras }: ErrorMembers, headers?: Headers, cause?: unknown);
    /** What is wrong with a field of the request; empty if nothing is. */
    field(name: string): string;
    static unreachable(cause?: unknown): ApiError;
    static signedOut(): ApiError;
    /** Reads the error of an unsuccessful answer. */
    static of(response: Response): Promise<ApiError>;
}

/** Anything that prevents a successful answer: `code` is for decisions, `message` for people. */
export class ApiError extends Error {
    name = 'ApiError';
    code;
    /** The HTTP status; 0 if there was no answer. It is unknown then whether the service received the request. */
    status;
    /** Seconds after which the same request may succeed; undefined if the service names none. */
    retryAfter;
    /** Which rate limit is reached, such as `general`; empty if none is. */
    limit;
    /** Names the request in the service's log; empty without an answer. */
    requestId;
    /** The invalid fields, with `VALIDATION_ERROR`. */
    details;
    /** The other members of the error, such as `current_version` or `limit`. */
    extras;
    constructor(status, { code, message, details, ...extras }, headers, cause) {
        super(message, cause === undefined ? undefined : { cause });
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
    field(name) {
        return this.details.find(({ field }) => field === name)?.message ?? '';
    }
    static unreachable(cause) {
        return new ApiError(0, { code: 'UNREACHABLE', message: 'The service cannot be reached.' }, undefined, cause);
    }
    static signedOut() {
        return new ApiError(401, { code: 'SIGNED_OUT', message: 'The session has ended. Sign in again.' });
    }
    /** Reads the error of an unsuccessful answer. */
    static async of(response) {
        const text = await response.text();
        try {
            return new ApiError(response.status, JSON.parse(text).error, response.headers);
        }
        catch {
            // A proxy's page, for example.
            const message = `HTTP status ${response.status}`;
            return new ApiError(response.status, { code: 'UNKNOWN', message }, response.headers);
        }
    }
}

import type { Intended } from './types.js';
/**
 * Something that a person wants to happen once, however often it has to be sent: it has one idempotency key as long
 * as the request stays the same, so that a form keeps one intent and passes it with every attempt.
 */
export declare class Intent implements Intended {
    #private;
    /** @param stored what `toJSON` returned, to go on after a reload or a restart */
    constructor({ key, request }?: {
        key: string;
        request: string;
    });
    toJSON(): {
        key: string;
        request: string;
    };
    /** The key for a request, which is given by its method, URL and body. */
    keyFor(request: string): string;
    /** What was wanted has happened: the same request would now be another intent. */
    done(): void;
}
/** A random UUID. Node.js 18 and pages without TLS have no `crypto.randomUUID`; a key need not be hard to guess. */
export declare function uuid(): string;

/**
 * Something that a person wants to happen once, however often it has to be sent: it has one idempotency key as long
 * as the request stays the same, so that a form keeps one intent and passes it with every attempt.
 */
export class Intent {
    #key;
    #request;
    /** @param stored what `toJSON` returned, to go on after a reload or a restart */
    constructor({ key, request } = { key: '', request: '' }) {
        this.#key = key;
        this.#request = request;
    }
    toJSON() {
        return { key: this.#key, request: this.#request };
    }
    /** The key for a request, which is given by its method, URL and body. */
    keyFor(request) {
        if (this.#request !== request) {
            this.#request = request;
            this.#key = uuid();
        }
        return this.#key;
    }
    /** What was wanted has happened: the same request would now be another intent. */
    done() {
        this.#request = '';
    }
}
/** A random UUID. Node.js 18 and pages without TLS have no `crypto.randomUUID`; a key need not be hard to guess. */
export function uuid() {
    return globalThis.crypto?.randomUUID?.() ?? 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'
        .replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));
}

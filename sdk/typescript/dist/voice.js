import { ApiError } from './error.js';
/**
 * One session of live speech. Iterate over it once for the messages of the service; send audio after `connected`.
 *
 *     for await (const message of session) …
 *
 * The iteration ends with the connection. It throws `UNREACHABLE` with the `close_code` if no message announces the end;
 * then another session would cost again, and `GET /ai/voice-sessions` has the words so far.
 */
export class VoiceSession {
    /** The URL without the ticket. */
    url;
    #socket;
    #messages = [];
    #closeCode;
    #wasOpen = false;
    #arrived = () => { };
    constructor(socket, signal) {
        this.#socket = socket;
        this.url = socket.url.replace(/\?.*/, '');
        const abort = () => socket.close();
        socket.onopen = () => {
            this.#wasOpen = true;
        };
        socket.onmessage = ({ data }) => {
            this.#messages.push(JSON.parse(data));
            this.#arrived();
        };
        socket.onclose = ({ code }) => {
            signal?.removeEventListener('abort', abort);
            this.#closeCode = code;
            this.#arrived();
        };
        // A close event follows, and tells more.
        socket.onerror = () => { };
        signal?.addEventListener('abort', abort);
        if (signal?.aborted) {
            abort();
        }
    }
    /**
     * Sends audio: WebM with Opus, 100 to 200 ms in a message.
     *
     * @returns whether it was sent; false after the end
     */
    send(audio) {
        return this.#sendIfOpen(audio);
    }
    /** No more audio. The last words and the cost follow. */
    finish() {
        return this.#sendIfOpen(JSON.stringify({ type: 'end_stream' }));
    }
    /** Gives the session up. */
    close() {
        this.#socket.close();
    }
    async *[Symbol.asyncIterator]() {
        let last = '';
        try {
            for (;;) {
                const message = this.#messages.shift();
                if (message) {
                    last = message.type;
                    yield message;
                }
                else if (this.#closeCode === undefined) {
                    await new Promise(resolve => {
                        this.#arrived = resolve;
                    });
                }
                else {
                    break;
                }
            }
        }
        finally {
            this.#socket.close();
        }
        if (last !== 'complete' && last !== 'error' && this.#closeCode !== 1000) {
            throw new ApiError(0, { code: 'UNREACHABLE', message: 'The connection was lost.',
                close_code: this.#closeCode, was_open: this.#wasOpen });
        }
    }
    #sendIfOpen(data) {
        const isOpen = this.#socket.readyState === 1;
        if (isOpen) {
            this.#socket.send(data);
        }
        return isOpen;
    }
}

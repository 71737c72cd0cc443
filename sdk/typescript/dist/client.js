import { chat } from './chat.js';
import { ApiError } from './error.js';
import { events } from './events.js';
import { Intent } from './intent.js';
import { backoff, pause } from './pause.js';
import { defaultLock, Session, tokensOf } from './session.js';
import { VoiceSession } from './voice.js';
/** A client of the service in the name of one user. All methods may be called at the same time. */
export class PerpetuaFlow {
    #options;
    #session;
    /** Until when general requests would only be refused: milliseconds by `performance.now()`. */
    #limitedUntil = 0;
    constructor(options) {
        this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/$/, '') };
        const { session, lock = defaultLock() } = options;
        if (session) {
            // Without the wait for a limit of the user, which does not concern it.
            const { token: _, session: __, ...rest } = options;
            const anonymous = new PerpetuaFlow(rest);
            this.#session = new Session(session, lock, async ({ refresh_token }) => tokensOf(await anonymous.request('POST', '/api/v1/auth/refresh', { body: { refresh_token } })));
        }
    }
    /**
     * Sends a request until there is a final answer: again with the same idempotency key if it is unknown whether it
     * arrived, with a new token if the token has expired, and after the time that the service names if a limit is reached.
     *
     * @param path as in the contract, with names in braces
     * @returns the JSON of the answer; undefined if it has none
     * @throws ApiError if the request is refused or the service cannot be reached
     * @throws the reason of `signal`, if it is aborted
     */
    async request(method, path, ...rest) {
        const [options = {}] = rest;
        const { key, onResponse } = options;
        const [response, text] = await this.#attempt(method, path, options, 'application/json', async (response) => [response, await response.text()]);
        if (typeof key === 'object') {
            key.done();
        }
        onResponse?.(response);
        return (text ? JSON.parse(text) : undefined);
    }
    /** As `request`, and returns the open answer: for streams, and for media types other than JSON. */
    send(method, path, options = {}, accept = '*/*') {
        return this.#attempt(method, path, options, accept, async (response) => response);
    }
    /** Changes of the user's data as they happen, without a gap or a repeat, until `signal` is aborted. */
    events(options = {}) {
        return events(this, options);
    }
    /**
     * Asks the assistant. After an error, ask again with the same intent: what was answered before is not paid twice.
     *
     * @returns pieces of the text as they are generated, and then the result, whose text is complete
     */
    chat(body, options = {}) {
        return chat(this, body, options);
    }
    /** Opens a session of live speech, which costs credits from its first audio. */
    async voice(options = {}) {
        const { data: { ticket } } = await this.request('POST', '/api/v1/ws/voice/tickets', { ...options, body: {} });
        const { baseUrl, WebSocket: Socket = WebSocket } = this.#options;
        const url = `${baseUrl.replace(/^http/, 'ws')}/api/v1/ws/voice/transcribe?ticket=${encodeURIComponent(ticket)}`;
        return new VoiceSession(new Socket(url), options.signal);
    }
    /** Ends the session here first, and then on the service. Nothing happens with a fixed token. */
    async signOut() {
        const tokens = await this.#session?.end();
        if (tokens) {
            const { refresh_token } = tokens;
            const { token: _, session: __, ...rest } = this.#options;
            await new PerpetuaFlow(rest).request('POST', '/api/v1/auth/logout', { body: { refresh_token } });
        }
    }
    async #attempt(method, path, options, accept, read) {
        const { fetch: send = fetch, token: fixed, onWait, maxWait = 60 } = this.#options;
        const { signal, attempts = this.#options.attempts ?? 4, key = new Intent() } = options;
        const url = this.#options.baseUrl + filled(path, options.path ?? {}) + queryOf(options.query ?? {});
        const file = options.body instanceof Blob ? options.body : undefined;
        const body = file ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
        const headers = { Accept: accept, ...options.headers };
        if (body !== undefined) {
            headers['Content-Type'] ??= file ? 'application/octet-stream' : 'application/json';
        }
        if (method !== 'GET' && key !== '') {
            headers['Idempotency-Key'] = typeof key === 'string' ? key : key.keyFor(`${method} ${url} ${file ? file.size : body}`);
        }
        let rejected;
        let waited = 0;
        for (let failures = 0;;) {
            await pause(this.#session || fixed ? this.#limitedUntil - performance.now() : 0, signal);
            const token = fixed ?? await this.#session?.token(rejected);
            if (token !== undefined) {
                headers['Authorization'] = `Bearer ${token}`;
            }
            let error;
            try {
                const response = await send(url, { method, headers: { ...headers }, ...(body !== undefined && { body }),
                    ...(signal && { signal }) });
                if (response.ok) {
                    return await read(response);
                }
                error = await ApiError.of(response);
            }
            catch (thrown) {
                signal?.throwIfAborted();
                if (++failures >= attempts) {
                    throw ApiError.unreachable(thrown);
                }
                await pause(backoff(failures, 250, 4000), signal);
                continue;
            }
            if (error.status === 401 && this.#session && !fixed && rejected === undefined) {
                rejected = token;
            }
            else if (isWorthWaiting(error) && waited + error.retryAfter <= maxWait) {
                const seconds = Math.max(1, error.retryAfter);
                waited += seconds;
                if (error.status === 429 && error.limit === 'general') {
                    this.#limitedUntil = performance.now() + seconds * 1000;
                }
                onWait?.(seconds, error);
                await pause(seconds * 1000, signal);
            }
            else {
                throw error;
            }
        }
    }
}
/** Whether the same request can succeed soon; an outage of another company lasts longer, and the user should know. */
function isWorthWaiting(error) {
    return error.retryAfter !== undefined && [409, 429, 503].includes(error.status) &&
        !/^(AI|TRANSCRIPTION|PAYMENT)_/.test(error.code);
}
/** The path with values in the place of the names in braces. */
function filled(path, values) {
    return path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(Reflect.get(values, name))));
}
/** Values that are undefined or empty are left out; but an empty cursor asks for the first page. */
function queryOf(values) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) {
        if (value !== undefined && (value !== '' || name === 'cursor')) {
            query.set(name, String(value));
        }
    }
    const text = query.toString();
    return text ? `?${text}` : '';
}

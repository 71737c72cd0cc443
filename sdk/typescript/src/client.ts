import {chat, type ChatPart} from './chat.js';
import {ApiError} from './error.js';
import {events, type EventsOptions, type LiveEvent} from './events.js';
import {Intent} from './intent.js';
import {backoff, pause} from './pause.js';
import {defaultLock, Session, tokensOf, type Lock, type SessionStore} from './session.js';
import type {AnswerOf, AnyOptions, Arguments, Method, OperationOf, PathOf, Schemas, Sending} from './types.js';
import {VoiceSession} from './voice.js';

export interface ClientOptions {
  /** The service's origin, such as `https://flow.example.com`. */
  baseUrl: string;
  /** A bearer that is sent as it is, such as a personal access token. Without it and `session`, none is sent. */
  token?: string;
  /** The session of a user, whose access token is refreshed. */
  session?: SessionStore;
  /** By default, a Web Lock that all tabs of the origin share, or one within this client. */
  lock?: Lock;
  /** Sends each attempt of a request; for logs and proxies. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** For live speech, where there is no global one, as in Node.js before 22. */
  WebSocket?: new (url: string) => WebSocket;
  /** Called before a request waits because a limit is reached or the service is busy. */
  onWait?: (seconds: number, cause: ApiError) => void;
  /** How often a request is sent at most while there is no answer; 4 by default. */
  attempts?: number;
  /** For how many seconds a request waits in all, at most, if the service asks for it; 60 by default. */
  maxWait?: number;
}

/** A client of the service in the name of one user. All methods may be called at the same time. */
export class PerpetuaFlow {
  readonly #options: ClientOptions;
  readonly #session: Session | undefined;
  /** Until when general requests would only be refused: milliseconds by `performance.now()`. */
  #limitedUntil = 0;

  constructor(options: ClientOptions) {
    this.#options = {...options, baseUrl: options.baseUrl.replace(/\/$/, '')};
    const {session, lock = defaultLock()} = options;
    if (session) {
      // Without the wait for a limit of the user, which does not concern it.
      const {token: _, session: __, ...rest} = options;
      const anonymous = new PerpetuaFlow(rest);
      this.#session = new Session(session, lock, async ({refresh_token}) =>
        tokensOf(await anonymous.request('POST', '/api/v1/auth/refresh', {body: {refresh_token}})));
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
  async request<M extends Method, P extends PathOf<M>>(method: M, path: P, ...rest: Arguments<OperationOf<M, P>>):
      Promise<AnswerOf<OperationOf<M, P>>> {
    const [options = {}] = rest as [AnyOptions?];
    const {key, onResponse} = options;
    const [response, text] = await this.#attempt(method, path, options, 'application/json',
        async response => [response, await response.text()] as const);
    if (typeof key === 'object') {
      key.done();
    }
    onResponse?.(response);
    return (text ? JSON.parse(text) : undefined) as AnswerOf<OperationOf<M, P>>;
  }

  /** As `request`, and returns the open answer: for streams, and for media types other than JSON. */
  send(method: Method, path: string, options: AnyOptions = {}, accept = '*/*'): Promise<Response> {
    return this.#attempt(method, path, options, accept, async response => response);
  }

  /** Changes of the user's data as they happen, without a gap or a repeat, until `signal` is aborted. */
  events(options: EventsOptions = {}): AsyncGenerator<LiveEvent, void, undefined> {
    return events(this, options);
  }

  /**
   * Asks the assistant. After an error, ask again with the same intent: what was answered before is not paid twice.
   *
   * @returns pieces of the text as they are generated, and then the result, whose text is complete
   */
  chat(body: Schemas['ChatMessage'], options: Sending = {}): AsyncGenerator<ChatPart, void, undefined> {
    return chat(this, body, options);
  }

  /** Opens a session of live speech, which costs credits from its first audio. */
  async voice(options: Pick<Sending, 'signal'> = {}): Promise<VoiceSession> {
    const {data: {ticket}} = await this.request('POST', '/api/v1/ws/voice/tickets', {...options, body: {}});
    const {baseUrl, WebSocket: Socket = WebSocket} = this.#options;
    const url = `${baseUrl.replace(/^http/, 'ws')}/api/v1/ws/voice/transcribe?ticket=${encodeURIComponent(ticket)}`;
    return new VoiceSession(new Socket(url), options.signal);
  }

  /** Ends the session here first, and then on the service. Nothing happens with a fixed token. */
  async signOut(): Promise<void> {
    const tokens = await this.#session?.end();
    if (tokens) {
      const {refresh_token} = tokens;
      const {token: _, session: __, ...rest} = this.#options;
      await new PerpetuaFlow(rest).request('POST', '/api/v1/auth/logout', {body: {refresh_token}});
    }
  }

  async #attempt<T>(method: Method, path: string, options: AnyOptions, accept: string,
      read: (response: Response) => Promise<T>): Promise<T> {
    const {fetch: send = fetch, token: fixed, onWait, maxWait = 60} = this.#options;
    const {signal, attempts = this.#options.attempts ?? 4, key = new Intent()} = options;
    const url = this.#options.baseUrl + filled(path, options.path ?? {}) + queryOf(options.query ?? {});
    const file = options.body instanceof Blob ? options.body : undefined;
    const body = file ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const headers: Record<string, string> = {Accept: accept, ...options.headers};
    if (body !== undefined) {
      headers['Content-Type'] ??= file ? 'application/octet-stream' : 'application/json';
    }
    if (method !== 'GET' && key !== '') {
      headers['Idempotency-Key'] = typeof key === 'string' ? key : key.keyFor(`${method} ${url} ${file ? file.size : body}`);
    }
    let rejected: string | undefined;
    let waited = 0;
    for (let failures = 0;;) {
      await pause(this.#session || fixed ? this.#limitedUntil - performance.now() : 0, signal);
      const token = fixed ?? await this.#session?.token(rejected);
      if (token !== undefined) {
        headers['Authorization'] = `Bearer ${token}`;
      }
      let error: ApiError;
      try {
        const response = await send(url, {method, headers: {...headers}, ...(body !== undefined && {body}),
          ...(signal && {signal})});
        if (response.ok) {
          return await read(response);
        }
        error = await ApiError.of(response);
      } catch (thrown) {
        signal?.throwIfAborted();
        if (++failures >= attempts) {
          throw ApiError.unreachable(thrown);
        }
        await pause(backoff(failures, 250, 4000), signal);
        continue;
      }
      if (error.status === 401 && this.#session && !fixed && rejected === undefined) {
        rejected = token;
      } else if (isWorthWaiting(error) && waited + error.retryAfter <= maxWait) {
        const seconds = Math.max(1, error.retryAfter);
        waited += seconds;
        if (error.status === 429 && error.limit === 'general') {
          this.#limitedUntil = performance.now() + seconds * 1000;
        }
        onWait?.(seconds, error);
        await pause(seconds * 1000, signal);
      } else {
        throw error;
      }
    }
  }
}

/** Whether the same request can succeed soon; an outage of another company lasts longer, and the user should know. */
function isWorthWaiting(error: ApiError): error is ApiError & {retryAfter: number} {
  return error.retryAfter !== undefined && [409, 429, 503].includes(error.status) &&
    !/^(AI|TRANSCRIPTION|PAYMENT)_/.test(error.code);
}

/** The path with values in the place of the names in braces. */
function filled(path: string, values: object): string {
  return path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(Reflect.get(values, name))));
}

/** Values that are undefined or empty are left out; but an empty cursor asks for the first page. */
function queryOf(values: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && (value !== '' || name === 'cursor')) {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

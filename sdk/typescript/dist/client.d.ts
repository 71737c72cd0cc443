import { type ChatPart } from './chat.js';
import { ApiError } from './error.js';
import { type EventsOptions, type LiveEvent } from './events.js';
import { type Lock, type SessionStore } from './session.js';
import type { AnswerOf, AnyOptions, Arguments, Method, OperationOf, PathOf, Schemas, Sending } from './types.js';
import { VoiceSession } from './voice.js';
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
export declare class PerpetuaFlow {
    #private;
    constructor(options: ClientOptions);
    /**
     * Sends a request until there is a final answer: again with the same idempotency key if it is unknown whether it
     * arrived, with a new token if the token has expired, and after the time that the service names if a limit is reached.
     *
     * @param path as in the contract, with names in braces
     * @returns the JSON of the answer; undefined if it has none
     * @throws ApiError if the request is refused or the service cannot be reached
     * @throws the reason of `signal`, if it is aborted
     */
    request<M extends Method, P extends PathOf<M>>(method: M, path: P, ...rest: Arguments<OperationOf<M, P>>): Promise<AnswerOf<OperationOf<M, P>>>;
    /** As `request`, and returns the open answer: for streams, and for media types other than JSON. */
    send(method: Method, path: string, options?: AnyOptions, accept?: string): Promise<Response>;
    /** Changes of the user's data as they happen, without a gap or a repeat, until `signal` is aborted. */
    events(options?: EventsOptions): AsyncGenerator<LiveEvent, void, undefined>;
    /**
     * Asks the assistant. After an error, ask again with the same intent: what was answered before is not paid twice.
     *
     * @returns pieces of the text as they are generated, and then the result, whose text is complete
     */
    chat(body: Schemas['ChatMessage'], options?: Sending): AsyncGenerator<ChatPart, void, undefined>;
    /** Opens a session of live speech, which costs credits from its first audio. */
    voice(options?: Pick<Sending, 'signal'>): Promise<VoiceSession>;
    /** Ends the session here first, and then on the service. Nothing happens with a fixed token. */
    signOut(): Promise<void>;
}

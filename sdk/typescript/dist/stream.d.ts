/** One event of a stream of server-sent events. */
export interface ServerSent {
    /** `message` if the event has no name. */
    name: string;
    data: string;
    /** What `Last-Event-ID` takes to go on after this event. */
    id?: string;
    /** After how many milliseconds to connect again. */
    retry?: number;
}
/**
 * Reads server-sent events (WHATWG HTML, 9.2) from an answer: EventSource cannot post or send a token.
 *
 * @param silenceMs after which time without any byte the connection counts as lost
 * @throws Error if the connection is lost
 */
export declare function serverSent(response: Response, silenceMs?: number): AsyncGenerator<ServerSent, void, undefined>;

import type { Schemas } from './types.js';
export type VoiceMessage = Schemas['VoiceConnected'] | Schemas['VoiceTranscript'] | Schemas['VoiceComplete'] | Schemas['VoiceError'];
/**
 * One session of live speech. Iterate over it once for the messages of the service; send audio after `connected`.
 *
 *     for await (const message of session) …
 *
 * The iteration ends with the connection. It throws `UNREACHABLE` with the `close_code` if no message announces the end;
 * then another session would cost again, and `GET /ai/voice-sessions` has the words so far.
 */
export declare class VoiceSession {
    #private;
    /** The URL without the ticket. */
    readonly url: string;
    constructor(socket: WebSocket, signal?: AbortSignal);
    /**
     * Sends audio: WebM with Opus, 100 to 200 ms in a message.
     *
     * @returns whether it was sent; false after the end
     */
    send(audio: Blob | BufferSource): boolean;
    /** No more audio. The last words and the cost follow. */
    finish(): boolean;
    /** Gives the session up. */
    close(): void;
    [Symbol.asyncIterator](): AsyncGenerator<VoiceMessage, void, undefined>;
}

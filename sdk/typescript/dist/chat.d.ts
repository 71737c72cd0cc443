import type { PerpetuaFlow } from './client.js';
import type { Schemas, Sending } from './types.js';
export type ChatPart = {
    type: 'words';
    text: string;
} | {
    type: 'result';
    result: Schemas['ChatResult'];
};
/**
 * Reads the answer of `POST /ai/chat` as it is generated. Leaving the loop stops the service as well.
 *
 * @throws ApiError of the service, or `UNREACHABLE` if the answer was cut
 */
export declare function chat(client: PerpetuaFlow, body: Schemas['ChatMessage'], options: Sending): AsyncGenerator<ChatPart, void, undefined>;

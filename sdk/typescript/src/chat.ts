import type {PerpetuaFlow} from './client.js';
import {ApiError} from './error.js';
import {serverSent} from './stream.js';
import type {Schemas, Sending} from './types.js';

export type ChatPart = {type: 'words'; text: string} | {type: 'result'; result: Schemas['ChatResult']};

/**
 * Reads the answer of `POST /ai/chat` as it is generated. Leaving the loop stops the service as well.
 *
 * @throws ApiError of the service, or `UNREACHABLE` if the answer was cut
 */
export async function* chat(client: PerpetuaFlow, body: Schemas['ChatMessage'], options: Sending):
    AsyncGenerator<ChatPart, void, undefined> {
  const response = await client.send('POST', '/api/v1/ai/chat', {...options, body}, 'text/event-stream');
  try {
    for await (const {name, data} of serverSent(response)) {
      if (name === 'result') {
        if (typeof options.key === 'object') {
          options.key.done();
        }
        yield {type: 'result', result: JSON.parse(data)};
        return;
      }
      if (name === 'error') {
        throw new ApiError(response.status, JSON.parse(data), response.headers);
      }
      yield {type: 'words', text: JSON.parse(data).text};
    }
  } catch (thrown) {
    options.signal?.throwIfAborted();
    throw thrown instanceof ApiError ? thrown : ApiError.unreachable(thrown);
  }
  throw ApiError.unreachable();
}

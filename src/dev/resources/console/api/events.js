/**
 * One event of a stream.
 * @typedef {object} ServerEvent
 * @property {string} name `message` if the event has no name
 * @property {string} data
 */

/**
 * Reads server-sent events from the body of an answer: EventSource cannot post or send a token.
 * @param {Response} response
 * @param {import('./exchanges.js').Exchange} exchange receives the text as it arrives
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* eventsOf(response, exchange) {
  if (!response.body) {
    return;
  }
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    exchange.received(text);
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parsed(block);
      if (event) {
        yield event;
      }
    }
  }
}

/**
 * @param {string} block the lines of an event
 * @returns {ServerEvent | undefined} undefined for comments, which keep the connection open
 */
function parsed(block) {
  let name = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) {
      name = line.slice('event:'.length).trim();
    } else if (line.startsWith('data:')) {
      data.push(line.slice('data:'.length).replace(/^ /, ''));
    }
  }
  return data.length > 0 ? {name, data: data.join('\n')} : undefined;
}

/**
 * One event of a stream.
 * @typedef {object} ServerEvent
 * @property {string} name `message` if the event has no name
 * @property {string} data
 * @property {string} [id] what `Last-Event-ID` takes to go on after this event
 * @property {number} [retry] after how many milliseconds to connect again
 */

/**
 * Reads server-sent events from the body of an answer: EventSource cannot post or send a token.
 * @param {Response} response
 * @param {import('./exchanges.js').Exchange} exchange receives the text as it arrives
 * @param {() => void} [heard] called whenever something arrives, also if it is no event
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* eventsOf(response, exchange, heard = () => {}) {
  if (!response.body) {
    return;
  }
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    heard();
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
  /** @type {Pick<ServerEvent, 'id' | 'retry'>} */
  const position = {};
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) {
      name = line.slice('event:'.length).trim();
    } else if (line.startsWith('data:')) {
      data.push(line.slice('data:'.length).replace(/^ /, ''));
    } else if (line.startsWith('id:')) {
      position.id = line.slice('id:'.length).trim();
    } else if (line.startsWith('retry:')) {
      position.retry = Number(line.slice('retry:'.length));
    }
  }
  return data.length > 0 ? {name, data: data.join('\n'), ...position} : undefined;
}

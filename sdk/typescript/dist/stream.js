/**
 * Reads server-sent events (WHATWG HTML, 9.2) from an answer: EventSource cannot post or send a token.
 *
 * @param silenceMs after which time without any byte the connection counts as lost
 * @throws Error if the connection is lost
 */
export async function* serverSent(response, silenceMs = Infinity) {
    if (!response.body) {
        return;
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    let event;
    try {
        for (;;) {
            const { done, value } = await withinMs(silenceMs, () => reader.read());
            if (done) {
                return;
            }
            const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
            rest = lines.pop() ?? '';
            for (const line of lines.map(line => line.replace(/\r$/, ''))) {
                if (line !== '') {
                    event = withLine(event ?? { name: 'message', data: '' }, line);
                }
                else if (event) {
                    if (event.data) {
                        yield { ...event, data: event.data.slice(0, -1) };
                    }
                    event = undefined;
                }
            }
        }
    }
    finally {
        // Also if the caller leaves the loop.
        reader.cancel().catch(() => { });
    }
}
/** Data have a line end after each line, as in the standard. Comments, which keep a connection open, change nothing. */
function withLine(event, line) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    switch (field) {
        case 'event':
            return { ...event, name: value };
        case 'data':
            return { ...event, data: `${event.data}${value}\n` };
        case 'id':
            return { ...event, id: value };
        case 'retry':
            return { ...event, retry: Number(value) };
        default:
            return event;
    }
}
function withinMs(milliseconds, work) {
    if (milliseconds === Infinity) {
        return work();
    }
    let timer;
    const silence = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error('no sign of life')), milliseconds);
    });
    return Promise.race([work(), silence]).finally(() => clearTimeout(timer));
}

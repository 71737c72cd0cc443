import { ApiError } from './error.js';
/** Most changes of an answer. */
const LARGEST_PAGE = 1000;
/** Most commands of a batch. */
const LARGEST_BATCH = 100;
/** Most characters of a batch; the service takes 256 KiB, and a character may be three bytes. */
const LARGEST_BODY = 80_000;
/**
 * Reads what has changed since the last token. The first time, that is everything.
 *
 * @throws ApiError if not all could be read; what was read is applied
 */
export async function pullChanges(client, target, sending = {}) {
    let isVoid = false;
    for (let hasMore = true; hasMore;) {
        const token = isVoid ? '' : await target.token();
        try {
            const { data } = await client.request('GET', '/api/v1/sync', { query: { token, limit: LARGEST_PAGE }, ...sending });
            await target.apply(data, token === '');
            isVoid = false;
            hasMore = data.has_more;
        }
        catch (thrown) {
            if (token === '' || !(thrown instanceof ApiError && thrown.status === 400)) {
                throw thrown;
            }
            isVoid = true;
        }
    }
}
/**
 * Sends what waits, in batches, until nothing does. One call at a time may run for a source. Commands of a lost answer
 * are sent again by the next call, and are executed once.
 *
 * @throws ApiError if some still wait; `retryAfter` may tell for how long
 */
export async function pushCommands(client, source, sending = {}) {
    for (let waiting = await source.waiting(); waiting.length > 0; waiting = await source.waiting()) {
        const commands = batchOf(waiting);
        await source.sending?.(commands);
        let answer;
        try {
            // Each command has a key of its own.
            answer = await client.request('POST', '/api/v1/sync', { ...sending, body: { commands }, key: '' });
        }
        catch (thrown) {
            if (!(thrown instanceof ApiError && isRefusal(thrown))) {
                throw thrown;
            }
            await source.settle(refusedBy(thrown, commands), {});
            continue;
        }
        const { results, temp_ids } = answer.data;
        const outcomes = commands.flatMap(command => {
            const result = results[command.uuid];
            return result && isFinal(result) ? [{ command, result }] : [];
        });
        await source.settle(outcomes, temp_ids);
        const passing = Object.values(results).find(result => !isFinal(result));
        if (passing || outcomes.length < commands.length) {
            const { error = { code: 'UNKNOWN', message: 'Some commands have no result.' } } = passing ?? {};
            throw new ApiError(passing?.status ?? 503, { ...error });
        }
    }
}
/** The first commands that fit into one request. */
function batchOf(waiting) {
    let characters = 0;
    const end = waiting.findIndex((command, index) => {
        characters += JSON.stringify(command).length;
        return index === LARGEST_BATCH || (index > 0 && characters > LARGEST_BODY);
    });
    return end < 0 ? waiting : waiting.slice(0, end);
}
/** Whether the same batch would be refused again, also in another session. */
function isRefusal({ status, retryAfter }) {
    return status >= 400 && status < 500 && ![401, 408].includes(status) && retryAfter === undefined;
}
function isFinal({ status, error }) {
    return status < 500 && error?.retry_after === undefined;
}
/** The service has refused the batch before it ran: the commands that it names, or all if it names none. */
function refusedBy({ status, code, message, requestId, details }, commands) {
    const named = (index) => details.filter(({ field }) => field.startsWith(`commands[${index}]`));
    const isAny = commands.some((_, index) => named(index).length > 0);
    return commands.flatMap((command, index) => {
        const own = isAny ? named(index) : [...details];
        return isAny && own.length === 0 ? [] : [{ command, result: { status, error: {
                        code: code, message, request_id: requestId, ...(own.length > 0 && { details: own }),
                    } } }];
    });
}

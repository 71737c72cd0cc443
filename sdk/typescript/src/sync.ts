import type {PerpetuaFlow} from './client.js';
import {ApiError} from './error.js';
import type {Schemas, Sending} from './types.js';

export type Command = Schemas['Command'];
export type CommandResult = Schemas['CommandResult'];
export type Change = Schemas['SyncChange'];

type Now<T> = T | Promise<T>;

/** A copy of the user's data, which `pullChanges` keeps up to date. */
export interface ChangeTarget {
  /** The token that was applied last; empty at the beginning. */
  token(): Now<string>;
  /**
   * Applies the changes in their order and stores the token, both or none. A snapshot begins with the first answer, and
   * with one that is `full` after one that is not. It replaces the copy when `has_more` is false.
   *
   * @param isFirst whether they follow no token, also because it is not accepted any more
   */
  apply(changes: Schemas['Changes'], isFirst: boolean): Now<void>;
}

/** Changes of the user that wait to be sent, which `pushCommands` sends. */
export interface CommandSource {
  /** Those that wait, in their order. */
  waiting(): Now<Command[]>;
  /** These are sent next: the service may have received them from now on, whatever happens. */
  sending?(commands: Command[]): Now<void>;
  /**
   * Removes commands that have a final answer and replaces temporary ids in those that wait, both or none.
   *
   * @param outcomes of commands that have succeeded or were refused; others still wait, with the same `uuid`
   * @param ids of what was created, by their temporary ids
   */
  settle(outcomes: Outcome[], ids: Record<string, string>): Now<void>;
}

export interface Outcome {
  command: Command;
  result: CommandResult;
}

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
export async function pullChanges(client: PerpetuaFlow, target: ChangeTarget,
    sending: Pick<Sending, 'signal' | 'attempts'> = {}): Promise<void> {
  let isVoid = false;
  for (let hasMore = true; hasMore;) {
    const token = isVoid ? '' : await target.token();
    try {
      const {data} = await client.request('GET', '/api/v1/sync', {query: {token, limit: LARGEST_PAGE}, ...sending});
      await target.apply(data, token === '');
      isVoid = false;
      hasMore = data.has_more;
    } catch (thrown) {
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
export async function pushCommands(client: PerpetuaFlow, source: CommandSource,
    sending: Pick<Sending, 'signal' | 'attempts'> = {}): Promise<void> {
  for (let waiting = await source.waiting(); waiting.length > 0; waiting = await source.waiting()) {
    const commands = batchOf(waiting);
    await source.sending?.(commands);
    let answer;
    try {
      // Each command has a key of its own.
      answer = await client.request('POST', '/api/v1/sync', {...sending, body: {commands}, key: ''});
    } catch (thrown) {
      if (!(thrown instanceof ApiError && isRefusal(thrown))) {
        throw thrown;
      }
      await source.settle(refusedBy(thrown, commands), {});
      continue;
    }
    const {results, temp_ids} = answer.data;
    const outcomes = commands.flatMap(command => {
      const result = results[command.uuid];
      return result && isFinal(result) ? [{command, result}] : [];
    });
    await source.settle(outcomes, temp_ids);
    const passing = Object.values(results).find(result => !isFinal(result));
    if (passing || outcomes.length < commands.length) {
      const {error = {code: 'UNKNOWN', message: 'Some commands have no result.'}} = passing ?? {};
      throw new ApiError(passing?.status ?? 503, {...error});
    }
  }
}

/** The first commands that fit into one request. */
function batchOf(waiting: Command[]): Command[] {
  let characters = 0;
  const end = waiting.findIndex((command, index) => {
    characters += JSON.stringify(command).length;
    return index === LARGEST_BATCH || (index > 0 && characters > LARGEST_BODY);
  });
  return end < 0 ? waiting : waiting.slice(0, end);
}

/** Whether the same batch would be refused again, also in another session. */
function isRefusal({status, retryAfter}: ApiError): boolean {
  return status >= 400 && status < 500 && ![401, 408].includes(status) && retryAfter === undefined;
}

function isFinal({status, error}: CommandResult): boolean {
  return status < 500 && error?.retry_after === undefined;
}

/** The service has refused the batch before it ran: the commands that it names, or all if it names none. */
function refusedBy({status, code, message, requestId, details}: ApiError, commands: Command[]): Outcome[] {
  const named = (index: number) => details.filter(({field}) => field.startsWith(`commands[${index}]`));
  const isAny = commands.some((_, index) => named(index).length > 0);
  return commands.flatMap((command, index) => {
    const own = isAny ? named(index) : [...details];
    return isAny && own.length === 0 ? [] : [{command, result: {status, error: {
      code: code as Schemas['ErrorCode'], message, request_id: requestId, ...(own.length > 0 && {details: own}),
    }}}];
  });
}

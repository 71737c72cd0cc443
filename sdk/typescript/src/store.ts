import type {PerpetuaFlow} from './client.js';
import {ApiError} from './error.js';
import type {EventsOptions} from './events.js';
import {uuid} from './intent.js';
import {backoff, pause} from './pause.js';
import {pullChanges, pushCommands, type Change, type ChangeTarget, type Command, type CommandSource, type Outcome}
  from './sync.js';
import type {Schemas} from './types.js';

/** An entity as the operations of its type return it. */
export type EntityOf<T extends Change['type']> = NonNullable<Extract<Change, {type: T}>['data']>;

/** What a store needs to go on after a restart, as JSON. */
export interface StoreState {
  token: string;
  /** Whether the last answer had entities of a snapshot. */
  full: boolean;
  entities: Change[];
  /** The part of a snapshot that has been read; undefined if none is being read. */
  snapshot?: Change[] | undefined;
  commands: Command[];
  refused: Outcome[];
}

export interface StoreOptions {
  /** What was saved last. */
  state?: StoreState | undefined;
  /** Returns when it is stored. Called after every change, one call at a time. */
  save?: (state: StoreState) => void | Promise<void>;
}

const LONGEST_RETRY_MS = 30_000;

/**
 * A copy of the user's data in memory, and the changes of the user that wait to be sent. The whole state is saved after
 * each change; for large copies, implement `ChangeTarget` and `CommandSource` over a database instead.
 */
export class SyncStore {
  /** Changes that the service has refused, until they are dismissed. */
  refused: readonly Outcome[];
  readonly #client: PerpetuaFlow;
  readonly #save: (state: StoreState) => void | Promise<void>;
  readonly #target: ChangeTarget & CommandSource;
  #token: string;
  #full: boolean;
  #entities: Map<string, Change>;
  #snapshot: Map<string, Change> | undefined;
  #commands: Command[];
  #saved: Promise<void> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(client: PerpetuaFlow, {state, save = () => {}}: StoreOptions = {}) {
    this.#client = client;
    this.#save = save;
    this.#token = state?.token ?? '';
    this.#full = state?.full ?? false;
    this.#entities = mapOf(state?.entities ?? []);
    this.#snapshot = state?.snapshot && mapOf(state.snapshot);
    this.#commands = state?.commands ?? [];
    this.refused = state?.refused ?? [];
    this.#target = {
      token: () => this.#token,
      apply: (changes, isFirst) => this.#apply(changes, isFirst),
      waiting: () => this.#commands,
      settle: (outcomes, ids) => this.#settle(outcomes, ids),
    };
  }

  /** The changes that wait to be sent, in their order. */
  get waiting(): readonly Command[] {
    return this.#commands;
  }

  /** An entity as the service had it; undefined if there is none. */
  get<T extends Change['type']>(type: T, id: string): EntityOf<T> | undefined {
    return this.#entities.get(`${type} ${id}`)?.data as EntityOf<T> | undefined;
  }

  /** All entities of a type, as the service had them. */
  list<T extends Change['type']>(type: T): EntityOf<T>[] {
    return [...this.#entities.values()].filter(change => change.type === type).map(({data}) => data as EntityOf<T>);
  }

  /**
   * Stores a change, which the next `sync` sends. It is not applied to the copy.
   *
   * @returns the command; `temp_id` stands in later ones for the id of what it creates
   */
  async add(type: Command['type'], args: Record<string, unknown>, ifVersion?: number): Promise<Command> {
    const command: Command = {
      uuid: uuid(), type, args,
      ...(type.endsWith('.create') && {temp_id: `new-${uuid()}`}),
      ...(ifVersion !== undefined && {if_version: ifVersion}),
    };
    this.#commands = [...this.#commands, command];
    await this.#keep();
    return command;
  }

  /** Forgets a refused change. */
  async dismiss(commandUuid: string): Promise<void> {
    this.refused = this.refused.filter(({command}) => command.uuid !== commandUuid);
    await this.#keep();
  }

  /**
   * Sends what waits and reads what has changed, with all that happened before the call.
   *
   * @throws ApiError if not all could be sent and read; what was is stored
   */
  sync(): Promise<void> {
    this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      this.#running = pushCommands(this.#client, this.#target).then(() => pullChanges(this.#client, this.#target));
      return this.#running;
    });
    return this.#next;
  }

  /**
   * Keeps the copy up to date until `signal` is aborted, and sends what waits whenever it can be sent.
   *
   * @param changed called when the copy is up to date again
   * @throws ApiError if that is refused for good
   */
  async follow(changed: () => void, options: EventsOptions = {}): Promise<void> {
    for await (const event of this.#client.events(options)) {
      if (event.type === 'end' || event.type === 'lost') {
        continue;
      }
      if (event.type === 'reset') {
        this.#token = '';
      }
      for (let failures = 0;; failures++) {
        try {
          await this.sync();
          break;
        } catch (thrown) {
          if (!(thrown instanceof ApiError && isPassing(thrown))) {
            throw thrown;
          }
          const ms = Math.max(backoff(failures, 500, LONGEST_RETRY_MS), (thrown.retryAfter ?? 0) * 1000);
          await pause(ms, options.signal, 'online');
        }
      }
      changed();
    }
  }

  toJSON(): StoreState {
    return {
      token: this.#token, full: this.#full, entities: [...this.#entities.values()],
      snapshot: this.#snapshot && [...this.#snapshot.values()],
      commands: [...this.#commands], refused: [...this.refused],
    };
  }

  #apply({changes, token, full, has_more}: Schemas['Changes'], isFirst: boolean): Promise<void> {
    if (isFirst || (full && !this.#full)) {
      this.#snapshot = new Map();
    }
    const entities = this.#snapshot ?? this.#entities;
    for (const change of changes) {
      if (change.deleted) {
        entities.delete(keyOf(change));
      } else {
        entities.set(keyOf(change), change);
      }
    }
    if (this.#snapshot && !has_more) {
      this.#entities = this.#snapshot;
      this.#snapshot = undefined;
    }
    this.#token = token;
    this.#full = full;
    return this.#keep();
  }

  #settle(outcomes: Outcome[], ids: Record<string, string>): Promise<void> {
    const settled = new Set(outcomes.map(({command}) => command.uuid));
    this.#commands = this.#commands.filter(({uuid}) => !settled.has(uuid)).map(command => ({
      ...command, args: JSON.parse(JSON.stringify(command.args ?? {}), (_, value) => ids[value] ?? value),
    }));
    this.refused = [...this.refused, ...outcomes.filter(({result}) => result.error)];
    return this.#keep();
  }

  #keep(): Promise<void> {
    const save = () => this.#save(this.toJSON());
    this.#saved = this.#saved.then(save, save);
    return this.#saved;
  }
}

function isPassing({status, retryAfter}: ApiError): boolean {
  return status === 0 || status >= 500 || retryAfter !== undefined;
}

function keyOf({type, id}: Change): string {
  return `${type} ${id}`;
}

function mapOf(changes: Change[]): Map<string, Change> {
  return new Map(changes.map(change => [keyOf(change), change]));
}

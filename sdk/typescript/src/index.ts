export {PerpetuaFlow, type ClientOptions} from './client.js';
export type {ChatPart} from './chat.js';
export {ApiError, type Code, type ErrorMembers} from './error.js';
export type {EventsOptions, LiveEvent} from './events.js';
export {Intent, uuid} from './intent.js';
export {backoff, pause} from './pause.js';
export {tokensOf, type Lock, type SessionStore, type Tokens} from './session.js';
export {SyncStore, type EntityOf, type StoreOptions, type StoreState} from './store.js';
export {pullChanges, pushCommands, type Change, type ChangeTarget, type Command, type CommandResult, type CommandSource,
  type Outcome} from './sync.js';
export type {AnswerOf, AnyOptions, Method, OperationOf, OptionsOf, PathOf, Schemas, Sending} from './types.js';
export {VoiceSession, type VoiceMessage} from './voice.js';
export type {components, operations, paths} from './schema.js';

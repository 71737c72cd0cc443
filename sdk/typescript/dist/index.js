export { PerpetuaFlow } from './client.js';
export { ApiError } from './error.js';
export { Intent, uuid } from './intent.js';
export { backoff, pause } from './pause.js';
export { tokensOf } from './session.js';
export { SyncStore } from './store.js';
export { pullChanges, pushCommands } from './sync.js';
export { VoiceSession } from './voice.js';

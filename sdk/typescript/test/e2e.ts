// A program on the SDK, as others write it: BASE, ACCESS_TOKEN and REFRESH_TOKEN are its arguments. Prints what happened.
import {ApiError, Intent, PerpetuaFlow, SyncStore, type Schemas, type Tokens} from 'perpetua-flow';
// @ts-expect-error without types, because only this program needs it.
import WebSocket from 'ws';

declare const process: {argv: string[]};
const [, , baseUrl = '', accessToken = '', refreshToken = ''] = process.argv;

// Expired, so that the first requests need another one.
let tokens: Tokens | undefined = {access_token: accessToken, refresh_token: refreshToken, expires_at: 0};
let refreshes = 0;
const client = new PerpetuaFlow({
  baseUrl,
  session: {
    load: () => tokens,
    save: renewed => {
      tokens = renewed;
    },
  },
  fetch: (url, init) => {
    refreshes += url.endsWith('/auth/refresh') ? 1 : 0;
    return fetch(url, init);
  },
  WebSocket,
});

/** Never called: the types refuse what the contract does not have. */
export async function mistakes() {
  // @ts-expect-error an unknown path
  await client.request('GET', '/api/v1/nothing');
  // @ts-expect-error a path without this method
  await client.request('PUT', '/api/v1/tasks', {body: {title: 'Pack'}});
  // @ts-expect-error a missing body
  await client.request('POST', '/api/v1/tasks');
  // @ts-expect-error a wrong body
  await client.request('POST', '/api/v1/tasks', {body: {title: 1}});
  // @ts-expect-error a missing parameter of the path
  await client.request('GET', '/api/v1/tasks/{id}');
  // @ts-expect-error an unknown parameter of the query
  await client.request('GET', '/api/v1/tasks', {query: {unheard: true}});
}

await Promise.all(Array.from({length: 20}, () => client.request('GET', '/api/v1/tasks', {query: {limit: 1}})));

const intent = new Intent();
let requestId = '';
const {data: task} = await client.request('POST', '/api/v1/tasks', {
  body: {title: 'Pack for the trip'}, key: intent.keyFor('the same'),
  onResponse: response => {
    requestId = response.headers.get('X-Request-ID') ?? '';
  },
});
const again: Schemas['Task'] = (await client.request('POST', '/api/v1/tasks',
    {body: {title: 'Pack for the trip'}, key: intent.keyFor('the same')})).data;

const refused = await client.request('PATCH', '/api/v1/tasks/{id}',
    {path: {id: task.id}, body: {version: 99, title: 'Other'}}).catch((thrown: ApiError) => thrown);
const conflict = refused instanceof ApiError ? [refused.status, refused.code, refused.extras['current_version']] : [];

// The stream ends after a second in tests, and is opened again each time.
const seen: string[] = [];
const changes: string[] = [];
const following = new AbortController();
try {
  for await (const event of client.events({signal: following.signal})) {
    seen.push(event.type);
    if (event.type === 'ready' || event.type === 'end') {
      // Also between two streams.
      const {data} = await client.request('POST', '/api/v1/notes', {body: {content: `Note ${changes.length}`}});
      changes.push(data.id);
    } else if (event.type === 'change' && event.data.type === 'note') {
      seen.push(event.data.id);
    }
    if (seen.filter(type => type === 'ready').length === 2 && changes.every(id => seen.includes(id))) {
      following.abort();
    }
  }
} catch (thrown) {
  if (!following.signal.aborted) {
    throw thrown;
  }
}
const missed = changes.filter(id => seen.filter(each => each === id).length !== 1);

let words = '';
let result: Schemas['ChatResult'] | undefined;
for await (const part of client.chat({message: 'What do I need?'})) {
  if (part.type === 'words') {
    words += part.text;
  } else {
    ({result} = part);
  }
}

const store = new SyncStore(client);
const created = await store.add('task.create', {title: 'Buy a tent'});
await store.add('subtask.create', {task_id: created.temp_id, title: 'With poles'});
await store.add('task.update', {id: task.id, version: 99, title: 'Refused'});
await store.sync();

const speech: string[] = [];
const voice = await client.voice();
for await (const message of voice) {
  speech.push(message.type);
  if (message.type === 'connected') {
    voice.send(new Uint8Array([0x1a, 0x45, 0xdf, 0xa3]));
    voice.finish();
  }
}

const {data: {secret}} = await client.request('POST', '/api/v1/tokens', {body: {name: 'Script', scopes: ['tasks:read']}});
const script = new PerpetuaFlow({baseUrl, token: secret});
const read = (await script.request('GET', '/api/v1/tasks')).data.length;
const denied = await script.request('POST', '/api/v1/notes', {body: {content: 'No'}})
    .catch((thrown: ApiError) => [thrown.code, thrown.extras['required_scopes']]);

await client.signOut();
const signedOut = await client.request('GET', '/api/v1/tasks').catch((thrown: ApiError) => thrown.code);

console.log(JSON.stringify({
  refreshes, isSameTask: task.id === again.id, hasRequestId: requestId !== '', conflict,
  isWithoutGap: missed.length === 0, streamed: words !== '' && words === result?.response,
  tasks: store.list('task').map(({title, subtasks}) => [title, ...subtasks.map(subtask => subtask.title)]).sort(),
  refused: store.refused.map(({result}) => result.error?.code), waiting: store.waiting.length,
  speech: [...new Set(speech)], script: [read, denied], signedOut,
}));

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {PerpetuaFlow, SyncStore} from 'perpetua-flow';
import {json, refusal, serve} from './server.mjs';

function task(id, version, deleted = false) {
  return {type: 'task', id, version: deleted ? null : version, deleted, data: deleted ? null : {id, title: `Task ${id}`, version}};
}

function changes(response, list, token, {full = false, has_more = false} = {}) {
  json(response, 200, {data: {changes: list, token, has_more, full}});
}

test('commands are kept over a failure and a restart, and sent again with the same uuids', async t => {
  const applied = new Map();
  let isCut = true;
  const {baseUrl, requests} = await serve(t, ({method, body}, response) => {
    if (method === 'GET') {
      changes(response, [...applied.values()].map(id => task(id, 1)), 't');
      return;
    }
    const results = {};
    const temp_ids = {};
    for (const {uuid, temp_id} of body.commands) {
      // Once, as the service does.
      applied.set(uuid, applied.get(uuid) ?? `id-${applied.size + 1}`);
      results[uuid] = {status: 201, data: {id: applied.get(uuid)}};
      if (temp_id) {
        temp_ids[temp_id] = applied.get(uuid);
      }
    }
    if (isCut) {
      response.destroy();
    } else {
      json(response, 200, {data: {results, temp_ids, token: 't'}});
    }
  });
  const client = new PerpetuaFlow({baseUrl, token: 'fixed', attempts: 2});
  let saved = '';
  const save = async state => {
    saved = JSON.stringify(state);
  };
  const store = new SyncStore(client, {save});
  const created = await store.add('task.create', {title: 'Pack'});
  await store.add('subtask.create', {task_id: created.temp_id, title: 'Passport'});
  assert.equal(JSON.parse(saved).commands.length, 2);
  await assert.rejects(store.sync(), {code: 'UNREACHABLE'});
  assert.equal(store.waiting.length, 2);

  isCut = false;
  const restarted = new SyncStore(client, {state: JSON.parse(saved), save});
  await restarted.sync();
  assert.deepEqual([restarted.waiting.length, restarted.refused.length], [0, 0]);
  assert.equal(applied.size, 2);
  assert.equal(restarted.get('task', 'id-1').title, 'Task id-1');
  const batches = requests.filter(({method}) => method === 'POST');
  assert.equal(new Set(batches.map(({body}) => JSON.stringify(body))).size, 1);
  assert.equal(batches[0].headers['idempotency-key'], undefined);
  assert.equal(JSON.parse(saved).commands.length, 0);
});

test('passing errors stay in the queue in their order, refusals are kept apart, temporary ids are replaced', async t => {
  let round = 0;
  const {baseUrl, requests} = await serve(t, ({method, body}, response) => {
    if (method === 'GET') {
      changes(response, [], 't');
      return;
    }
    round++;
    const [first, second, third, fourth] = body.commands;
    const passing = {status: 503, error: {code: 'SERVICE_UNAVAILABLE', message: 'busy', request_id: '1', retry_after: 7}};
    json(response, 200, {data: {token: 't', temp_ids: round === 1 ? {[first.temp_id]: 'id-1'} : {}, results: round === 1
      ? {[first.uuid]: {status: 201, data: {}}, [third.uuid]: passing, [fourth.uuid]: passing,
        [second.uuid]: {status: 409, error: {code: 'CONFLICT', message: 'changed', request_id: '1', current_version: 3}}}
      : Object.fromEntries(body.commands.map(({uuid}) => [uuid, {status: 200, data: {}}]))}});
  });
  const store = new SyncStore(new PerpetuaFlow({baseUrl, token: 'fixed'}));
  const {temp_id} = await store.add('task.create', {title: 'Pack'});
  const refused = await store.add('task.update', {id: 'x', title: 'Other'}, 2);
  await store.add('subtask.reorder', {task_id: temp_id, subtask_ids: [temp_id, 'y']});
  await store.add('task.delete', {id: temp_id});
  await assert.rejects(store.sync(), {code: 'SERVICE_UNAVAILABLE', retryAfter: 7});
  assert.deepEqual(store.waiting.map(({args}) => args), [{task_id: 'id-1', subtask_ids: ['id-1', 'y']}, {id: 'id-1'}]);
  assert.deepEqual(store.refused.map(({command, result}) => [command.uuid, result.error.current_version]), [[refused.uuid, 3]]);
  await store.sync();
  assert.equal(store.waiting.length, 0);
  assert.equal(requests[0].body.commands[1].if_version, 2);
  await store.dismiss(refused.uuid);
  assert.equal(store.refused.length, 0);
});

test('a batch that is refused before it runs loses only the commands that it names', async t => {
  const {baseUrl} = await serve(t, ({method, body}, response) => {
    if (method === 'GET') {
      changes(response, [], 't');
    } else if (body.commands.length > 1) {
      refusal(response, 400, 'VALIDATION_ERROR', {}, {details: [{field: 'commands[0].type', message: 'is unknown'}]});
    } else {
      json(response, 200, {data: {token: 't', temp_ids: {}, results: {[body.commands[0].uuid]: {status: 200}}}});
    }
  });
  const store = new SyncStore(new PerpetuaFlow({baseUrl, token: 'fixed'}));
  const bad = await store.add('task.unheard', {});
  await store.add('task.delete', {id: 'x'});
  await store.sync();
  assert.equal(store.waiting.length, 0);
  assert.deepEqual(store.refused.map(({command, result}) => [command.uuid, result.error.details[0].message]),
      [[bad.uuid, 'is unknown']]);
});

test('a long queue is sent as several batches', async t => {
  const sizes = [];
  const {baseUrl} = await serve(t, ({method, body}, response) => {
    if (method === 'GET') {
      changes(response, [], 't');
      return;
    }
    sizes.push(body.commands.length);
    json(response, 200, {data: {token: 't', temp_ids: {},
      results: Object.fromEntries(body.commands.map(({uuid}) => [uuid, {status: 200}]))}});
  });
  const store = new SyncStore(new PerpetuaFlow({baseUrl, token: 'fixed'}));
  await Promise.all(Array.from({length: 101}, () => store.add('task.delete', {id: 'x'})));
  await Promise.all(Array.from({length: 2}, () => store.add('note.create', {content: 'ä'.repeat(60_000)})));
  await store.sync();
  assert.deepEqual(sizes, [100, 2, 1]);
});

test('a snapshot replaces the copy when it is complete, and a refused token begins one', async t => {
  const {baseUrl, requests} = await serve(t, ({url}, response) => {
    const token = new URL(url, 'http://localhost').searchParams.get('token');
    switch (token) {
      case null:
        changes(response, [task('new', 1)], 'page-2', {full: true, has_more: true});
        break;
      case 'page-2':
        changes(response, [task('new', 2), task('gone', 1)], 'page-3', {full: true, has_more: true});
        break;
      case 'page-3':
        changes(response, [task('gone', 2, true), task('last', 1)], 'done');
        break;
      default:
        refusal(response, 400, 'VALIDATION_ERROR', {}, {details: [{field: 'token', message: 'is not accepted'}]});
    }
  });
  const states = [];
  const store = new SyncStore(new PerpetuaFlow({baseUrl, token: 'fixed'}), {
    // As if a snapshot had been interrupted.
    state: {token: 'void', full: true, entities: [task('old', 1)], snapshot: [task('part', 1)], commands: [], refused: []},
    save: state => void states.push(structuredClone(state)),
  });
  await store.sync();
  assert.deepEqual(store.list('task').map(({id, version}) => [id, version]), [['new', 2], ['last', 1]]);
  assert.equal(store.get('task', 'old'), undefined);
  assert.deepEqual(states.map(({token, entities}) => [token, entities.map(({id}) => id)]),
      [['page-2', ['old']], ['page-3', ['old']], ['done', ['new', 'last']]]);
  assert.deepEqual(states[1].snapshot.map(({id}) => id), ['new', 'gone']);
  assert.match(requests[0].url, /token=void/);
});

test('a followed copy is synchronized after each connection and change, also if that fails at first', async t => {
  let isBusy = true;
  let version = 1;
  let emit;
  const {baseUrl} = await serve(t, ({url}, response) => {
    if (url.startsWith('/api/v1/events')) {
      response.writeHead(200, {'Content-Type': 'text/event-stream'}).write('id: 1\nevent: ready\ndata: {"seq":1}\n\n');
      emit = () => response.write('id: 2\nevent: change\ndata: {"type":"task","id":"a","version":2,"deleted":false}\n\n');
    } else if (isBusy) {
      isBusy = false;
      refusal(response, 500, 'INTERNAL_ERROR');
    } else {
      changes(response, [task('a', version)], 't');
    }
  });
  const store = new SyncStore(new PerpetuaFlow({baseUrl, token: 'fixed'}));
  const abort = new AbortController();
  const versions = [];
  await assert.rejects(store.follow(() => {
    versions.push(store.get('task', 'a').version);
    if (version === 1) {
      version = 2;
      emit();
    } else {
      abort.abort(new Error('enough'));
    }
  }, {signal: abort.signal}), {message: 'enough'});
  assert.deepEqual(versions, [1, 2]);
});

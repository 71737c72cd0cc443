import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {ApiError, Intent, PerpetuaFlow} from 'perpetua-flow';
import {json, memory, refusal, serve} from './server.mjs';

const TASK = {body: {title: 'Pack'}};

test('a request without an answer is sent again with the same key', async t => {
  const {baseUrl, requests} = await serve(t, (_, response, count) => {
    if (count === 1) {
      response.destroy();
    } else if (count === 2) {
      // The answer begins and is cut.
      response.writeHead(201, {'Content-Length': 100}).write('{"data"');
      setImmediate(() => response.destroy());
    } else {
      json(response, 201, {data: {id: '1'}});
    }
  });
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  assert.deepEqual(await client.request('POST', '/api/v1/tasks', TASK), {data: {id: '1'}});
  const keys = requests.map(({headers}) => headers['idempotency-key']);
  assert.equal(keys.length, 3);
  assert.match(keys[0], /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(requests.map(({body}) => body), Array(3).fill(TASK.body));
  assert.equal(requests[0].headers.authorization, 'Bearer fixed');
});

test('after the last attempt the error says that it is unknown whether the request arrived', async t => {
  const {baseUrl, requests} = await serve(t, (_, response) => response.destroy());
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  await assert.rejects(client.request('DELETE', '/api/v1/notes/{id}', {path: {id: 'a/b'}, attempts: 2}),
      error => error instanceof ApiError && error.code === 'UNREACHABLE' && error.status === 0);
  assert.deepEqual(requests.map(({url}) => url), Array(2).fill('/api/v1/notes/a%2Fb'));
});

test('an intent has one key until it has happened, and another for another request', async t => {
  const {baseUrl, requests} = await serve(t, (_, response, count) =>
    count === 1 ? refusal(response, 500, 'INTERNAL_ERROR') : json(response, 201, {data: {}}));
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  let intent = new Intent();
  await assert.rejects(client.request('POST', '/api/v1/tasks', {...TASK, key: intent}));
  intent = new Intent(JSON.parse(JSON.stringify(intent)));
  await client.request('POST', '/api/v1/tasks', {...TASK, key: intent});
  await client.request('POST', '/api/v1/tasks', {...TASK, key: intent});
  await client.request('POST', '/api/v1/tasks', {body: {title: 'Other'}, key: 'own-key'});
  const [first, second, third, own] = requests.map(({headers}) => headers['idempotency-key']);
  assert.equal(first, second);
  assert.notEqual(second, third);
  assert.equal(own, 'own-key');
});

test('twenty requests at the same time refresh once', async t => {
  const {baseUrl, requests} = await serve(t, ({url, headers, body}, response) => {
    if (url === '/api/v1/auth/refresh') {
      assert.equal(headers.authorization, undefined);
      assert.deepEqual(body, {refresh_token: 'r-0'});
      json(response, 200, {access_token: 'new', refresh_token: 'r-1', token_type: 'Bearer', expires_in: 900});
    } else if (headers.authorization === 'Bearer new') {
      json(response, 200, {data: []});
    } else {
      refusal(response, 401, 'TOKEN_EXPIRED');
    }
  });
  for (const isValid of [false, true]) {
    requests.length = 0;
    const session = memory(isValid);
    const client = new PerpetuaFlow({baseUrl, session});
    await Promise.all(Array.from({length: 20}, () => client.request('GET', '/api/v1/tasks')));
    assert.equal(requests.filter(({url}) => url === '/api/v1/auth/refresh').length, 1);
    assert.equal(requests.length, isValid ? 41 : 21);
    assert.equal(session.tokens.refresh_token, 'r-1');
    assert.ok(session.tokens.expires_at > Date.now() + 800_000);
  }
});

test('a lost answer to a refresh is asked for again, and a refused refresh ends the session', async t => {
  let isOver = false;
  const {baseUrl, requests} = await serve(t, ({url}, response, count) => {
    if (count === 1) {
      response.destroy();
    } else if (isOver) {
      refusal(response, 401, 'INVALID_REFRESH_TOKEN');
    } else if (url === '/api/v1/auth/refresh') {
      json(response, 200, {access_token: 'new', refresh_token: 'r-1', token_type: 'Bearer', expires_in: 1});
    } else {
      json(response, 200, {data: []});
    }
  });
  const session = memory(false);
  const client = new PerpetuaFlow({baseUrl, session});
  await client.request('GET', '/api/v1/tasks');
  assert.deepEqual(requests.slice(0, 2).map(({body}) => body.refresh_token), ['r-0', 'r-0']);
  isOver = true;
  await assert.rejects(client.request('GET', '/api/v1/tasks'), {code: 'SIGNED_OUT', status: 401});
  assert.equal(session.tokens, undefined);
  const sent = requests.length;
  await assert.rejects(client.request('GET', '/api/v1/tasks'), {code: 'SIGNED_OUT'});
  assert.equal(requests.length, sent);
});

test('signing out removes the tokens here first', async t => {
  const session = memory(true);
  const {baseUrl, requests} = await serve(t, (_, response) => {
    assert.equal(session.tokens, undefined);
    response.writeHead(204).end();
  });
  await new PerpetuaFlow({baseUrl, session}).signOut();
  assert.deepEqual(requests.map(({url, body}) => [url, body]), [['/api/v1/auth/logout', {refresh_token: 'r-0'}]]);
});

test('a token that is no session is not refreshed', async t => {
  const {baseUrl, requests} = await serve(t, (_, response) => refusal(response, 401, 'UNAUTHORIZED'));
  await assert.rejects(new PerpetuaFlow({baseUrl, token: 'fixed'}).request('GET', '/api/v1/tasks'), {code: 'UNAUTHORIZED'});
  assert.equal(requests.length, 1);
});

test('requests wait for a limit as its headers say, others as well if it is that of general requests', async t => {
  const {baseUrl, requests} = await serve(t, (_, response, count) => count === 1
    ? refusal(response, 429, 'RATE_LIMIT_EXCEEDED', {'Retry-After': '1', 'RateLimit': '"general";r=0;t=1'})
    : json(response, 200, {data: []}));
  const waits = [];
  const client = new PerpetuaFlow({baseUrl, token: 'fixed', onWait: (...args) => waits.push(args)});
  const begun = performance.now();
  const first = client.request('GET', '/api/v1/tasks');
  while (waits.length === 0) {
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.deepEqual(waits.map(([seconds, cause]) => [seconds, cause.limit]), [[1, 'general']]);
  const second = client.request('GET', '/api/v1/notes');
  await Promise.all([first, second]);
  assert.ok(performance.now() - begun >= 950, `${performance.now() - begun} ms`);
  assert.equal(requests.length, 3);
});

test('a busy service is asked again, an outage of another company and a long wait are reported', async t => {
  const {baseUrl, requests} = await serve(t, ({url}, response, count) => {
    if (url === '/api/v1/tasks' && count === 1) {
      refusal(response, 503, 'SERVICE_UNAVAILABLE', {'Retry-After': '0'});
    } else if (url === '/api/v1/tasks') {
      json(response, 200, {data: []});
    } else if (url === '/api/v1/notes') {
      refusal(response, 503, 'SERVICE_UNAVAILABLE', {'Retry-After': '61'});
    } else {
      refusal(response, 503, 'AI_SERVICE_UNAVAILABLE', {'Retry-After': '1', 'X-Request-ID': 'id-1'});
    }
  });
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  await client.request('GET', '/api/v1/tasks');
  assert.equal(requests.length, 2);
  await assert.rejects(client.request('GET', '/api/v1/notes'), {retryAfter: 61, requestId: 'request-1'});
  await assert.rejects(client.request('POST', '/api/v1/ai/chat', {body: {message: 'Hi'}}), {retryAfter: 1, requestId: 'id-1'});
  assert.equal(requests.length, 4);
});

test('an error has all that the service says, also without JSON', async t => {
  const {baseUrl} = await serve(t, ({url}, response) => url === '/api/v1/tasks'
    ? refusal(response, 400, 'VALIDATION_ERROR', {}, {details: [{field: 'title', message: 'is required'}], limit: 5})
    : response.writeHead(502, {'Content-Type': 'text/html'}).end('<h1>Bad gateway</h1>'));
  const client = new PerpetuaFlow({baseUrl: `${baseUrl}/`, token: 'fixed'});
  const error = await client.request('POST', '/api/v1/tasks', {body: {}}).catch(thrown => thrown);
  assert.deepEqual([error.status, error.code, error.field('title'), error.field('other'), error.extras],
      [400, 'VALIDATION_ERROR', 'is required', '', {limit: 5, request_id: 'request-1'}]);
  await assert.rejects(client.request('GET', '/api/v1/notes'), {status: 502, code: 'UNKNOWN'});
});

test('an aborted request throws the reason and is not sent again', async t => {
  const abort = new AbortController();
  const {baseUrl, requests} = await serve(t, () => abort.abort(new Error('left the page')));
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  await assert.rejects(client.request('GET', '/api/v1/tasks', {signal: abort.signal}), {message: 'left the page'});
  assert.equal(requests.length, 1);
  await assert.rejects(client.request('GET', '/api/v1/tasks', {signal: abort.signal}), {message: 'left the page'});
  assert.equal(requests.length, 1);
});

test('the package has the version of the contract, and the compiled modules and their types only', () => {
  const [{files, version}] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--offline'], {encoding: 'utf8'}));
  assert.equal(version, /^  version: (.+)$/m.exec(readFileSync('openapi.yaml', 'utf8'))?.[1]);
  const paths = files.map(({path}) => path);
  assert.ok(paths.includes('dist/index.js') && paths.includes('dist/schema.d.ts'), String(paths));
  assert.deepEqual(paths.filter(path => !/^(dist\/[a-z]+\.(js|d\.ts)|package\.json|README\.md)$/.test(path)), []);
});

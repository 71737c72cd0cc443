import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Intent, PerpetuaFlow} from 'perpetua-flow';
import {json, refusal, serve} from './server.mjs';

function stream(response, text) {
  response.writeHead(200, {'Content-Type': 'text/event-stream'}).write(text);
}

function change(id) {
  return `id: ${id}\nevent: change\ndata: {"type":"task","id":"${id}","version":1,"deleted":false}\n\n`;
}

const READY = 'retry: 1\nid: 10\nevent: ready\ndata: {"seq":10}\n\n';

test('a lost stream is opened again after the last event, and nothing is missing or comes twice', async t => {
  const all = [10, 11, 12, 13, 14];
  const {baseUrl, requests} = await serve(t, ({headers}, response, count) => {
    if (count === 3) {
      refusal(response, 503, 'INTERNAL_ERROR');
      return;
    }
    const after = Number(headers['last-event-id'] ?? 10);
    const [next, ...later] = all.filter(id => id > after);
    // An event that is cut in the middle has not arrived.
    stream(response, READY.replaceAll('10', String(after)) + change(next).replaceAll('\n', '\r\n') + ': comment\n\n' +
        (later.length > 0 ? change(later[0]).slice(0, -1) : 'event: end\ndata: {"reason":"session_ended"}\n\n'));
    setTimeout(() => response.destroy(), 20);
  });
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  const received = [];
  for await (const event of client.events({types: 'task'})) {
    received.push(event);
  }
  assert.deepEqual(received.filter(({type}) => type === 'change').map(({data}) => data.id), ['11', '12', '13', '14']);
  assert.deepEqual(requests.map(({headers}) => headers['last-event-id']), [undefined, '11', '12', '12', '13']);
  assert.equal(requests[0].url, '/api/v1/events?types=task');
  assert.equal(received.filter(({type}) => type === 'lost').length, 4);
  assert.deepEqual(received.at(-1), {type: 'end', id: '14', data: {reason: 'session_ended'}});
});

test('a position that the service refuses is reported as a reset', async t => {
  const {baseUrl} = await serve(t, ({headers}, response) =>
    headers['last-event-id'] ? refusal(response, 400, 'VALIDATION_ERROR') : stream(response, READY));
  const abort = new AbortController();
  const types = [];
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  await assert.rejects(async () => {
    for await (const {type} of client.events({lastEventId: '99', signal: abort.signal})) {
      types.push(type);
      if (type === 'reset') {
        abort.abort(new Error('enough'));
      }
    }
  }, {message: 'enough'});
  assert.deepEqual(types, ['lost', 'reset']);
});

test('leaving the loop closes the stream, and a refusal for good is thrown', async t => {
  let closed;
  const isClosed = new Promise(resolve => {
    closed = resolve;
  });
  const {baseUrl} = await serve(t, (_, response, count) => {
    if (count === 1) {
      response.on('close', closed);
      stream(response, READY);
    } else {
      refusal(response, 403, 'FORBIDDEN');
    }
  });
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  for await (const {type} of client.events()) {
    assert.equal(type, 'ready');
    break;
  }
  await isClosed;
  await assert.rejects(client.events().next(), {code: 'FORBIDDEN'});
});

test('a chat that was cut is asked for again with the same key', async t => {
  const {baseUrl, requests} = await serve(t, (_, response, count) => {
    if (count === 1) {
      stream(response, 'data: {"text":"A te"}\n\n');
      setTimeout(() => response.destroy(), 20);
    } else if (count === 2) {
      stream(response, 'data: {"text":"A tent"}\n\nevent: result\ndata: {"response":"A tent"}\n\ndata: [DONE]\n\n');
      response.end();
    } else {
      stream(response, 'event: error\ndata: {"code":"AI_SERVICE_UNAVAILABLE","message":"away","request_id":"1"}\n\n');
      response.end();
    }
  });
  const client = new PerpetuaFlow({baseUrl, token: 'fixed'});
  const key = new Intent();
  const ask = async () => {
    const parts = [];
    for await (const part of client.chat({message: 'What do I need?'}, {key})) {
      parts.push(part);
    }
    return parts;
  };
  await assert.rejects(ask(), {code: 'UNREACHABLE'});
  assert.deepEqual(await ask(), [{type: 'words', text: 'A tent'}, {type: 'result', result: {response: 'A tent'}}]);
  await assert.rejects(ask(), {code: 'AI_SERVICE_UNAVAILABLE', message: 'away'});
  const [first, second, third] = requests.map(({headers}) => headers['idempotency-key']);
  assert.equal(first, second);
  assert.notEqual(second, third);
  assert.equal(requests[0].headers.accept, 'text/event-stream');
});

/** What a WebSocket is for this client. */
class FakeSocket {
  static opened = [];
  readyState = 0;
  sent = [];

  constructor(url) {
    this.url = url;
    FakeSocket.opened.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  send(data) {
    this.sent.push(data);
  }

  close(code = 1000) {
    if (this.readyState < 3) {
      this.readyState = 3;
      this.onclose({code});
    }
  }
}

test('live speech is opened with a ticket, and a connection that is lost is an error', async t => {
  const {baseUrl} = await serve(t, (_, response) => json(response, 200, {data: {ticket: 'a+b', expires_in: 30}}));
  const client = new PerpetuaFlow({baseUrl, token: 'fixed', WebSocket: FakeSocket});
  const session = await client.voice();
  const socket = FakeSocket.opened[0];
  assert.equal(socket.url, `${baseUrl.replace('http', 'ws')}/api/v1/ws/voice/transcribe?ticket=a%2Bb`);
  assert.equal(session.send(new Uint8Array(1)), false);
  socket.open();
  socket.onmessage({data: '{"type":"connected"}'});
  const types = [];
  for await (const {type} of session) {
    types.push(type);
    if (type === 'connected') {
      assert.ok(session.send(new Uint8Array(1)) && session.finish());
      setImmediate(() => {
        socket.onmessage({data: '{"type":"complete"}'});
        socket.close();
      });
    }
  }
  assert.deepEqual(types, ['connected', 'complete']);
  assert.deepEqual(socket.sent, [new Uint8Array(1), '{"type":"end_stream"}']);

  const abort = new AbortController();
  const lost = await client.voice({signal: abort.signal});
  setImmediate(() => FakeSocket.opened[1].close(1006));
  await assert.rejects(async () => {
    for await (const _ of lost) {
      // Nothing arrives.
    }
  }, error => error.code === 'UNREACHABLE' && error.extras.close_code === 1006 && error.extras.was_open === false);
});

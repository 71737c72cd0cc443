// A server that answers as a test says, and keeps what it has received.
import {once} from 'node:events';
import {createServer} from 'node:http';

export async function serve(test, answer) {
  const requests = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const received = {method: request.method, url: request.url, headers: request.headers, body: text && JSON.parse(text)};
    requests.push(received);
    await answer(received, response, requests.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {baseUrl: `http://127.0.0.1:${server.address().port}`, requests, server};
}

export function json(response, status, body, headers = {}) {
  response.writeHead(status, {'Content-Type': 'application/json', ...headers}).end(JSON.stringify(body));
}

export function refusal(response, status, code, headers = {}, members = {}) {
  json(response, status, {error: {code, message: 'refused', request_id: 'request-1', ...members}}, headers);
}

/** Tokens in memory that are expired, or valid for an hour. */
export function memory(isValid) {
  const store = {
    tokens: {access_token: 'old', refresh_token: 'r-0', expires_at: isValid ? Date.now() + 3_600_000 : 0},
    load: async () => store.tokens,
    save: async tokens => {
      store.tokens = tokens;
    },
  };
  return store;
}

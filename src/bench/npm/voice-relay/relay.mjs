// A minimal relay of live voice for ./bench: forwards audio to the provider and text to the client.
import {WebSocket, WebSocketServer} from 'ws';

const [upstream] = process.argv.slice(2);
const server = new WebSocketServer({port: 0, host: '127.0.0.1', perMessageDeflate: false, maxPayload: 32768}, () =>
  console.log(server.address().port));

server.on('connection', client => {
  const provider = new WebSocket(upstream, {headers: {Authorization: 'Token fake-deepgram-key'}, perMessageDeflate: false});
  provider.on('open', () => client.send('{"type":"connected"}'));
  provider.on('message', data => client.send(data.toString()));
  provider.on('close', () => client.close());
  provider.on('error', () => client.terminate());
  client.on('message', (data, binary) => provider.send(data, {binary}));
  client.on('close', () => provider.terminate());
  client.on('error', () => provider.terminate());
});

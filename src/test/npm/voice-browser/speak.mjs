// Runs live voice sessions in Chromium with a fake microphone that beeps. Each input line describes a session,
// {page, url, token?, act}; each output line is a message of the service or the end of the session.
import {createInterface} from 'node:readline';
import {chromium} from 'playwright-core';

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const page = await browser.newPage();
const print = value => console.log(JSON.stringify(value));
await page.exposeFunction('report', print);

for await (const line of createInterface({input: process.stdin})) {
  const session = JSON.parse(line);
  await page.goto(session.page);
  print(await page.evaluate(speak, session));
}
await browser.close();

async function speak({url, token, act}) {
  const socket = new WebSocket(url);
  const sizes = [];
  let microphone;
  let recorder;
  const record = async () => {
    microphone = await navigator.mediaDevices.getUserMedia({audio: true});
    recorder = new MediaRecorder(microphone, {mimeType: 'audio/webm;codecs=opus'});
    recorder.ondataavailable = ({data}) => {
      if (data.size > 0 && !ended && socket.readyState === WebSocket.OPEN) {
        sizes.push(data.size);
        socket.send(data);
      }
    };
    recorder.start(100);
  };
  let acted = false;
  let ended = false;
  return new Promise((resolve, reject) => {
    socket.onopen = () => {
      if (token) socket.send(JSON.stringify({type: 'auth', token}));
    };
    socket.onmessage = ({data}) => {
      const message = JSON.parse(data);
      report(message);
      // As a client does: no audio follows the end. Audio that is not sent any more makes Chromium's close unclean.
      if (message.type === 'error' || message.type === 'complete') ended = true;
      if (message.type === 'connected') record().catch(reject);
      if (message.type === 'transcript' && !acted) {
        acted = true;
        if (act === 'end') {
          recorder.onstop = () => socket.send(JSON.stringify({type: 'end_stream'}));
          recorder.stop();
        }
        if (act === 'close') socket.close(3001, 'bye');
      }
    };
    socket.onclose = ({code, reason, wasClean}) => {
      if (recorder && recorder.state !== 'inactive') recorder.stop();
      microphone?.getTracks().forEach(track => track.stop());
      resolve({type: 'closed', code, reason, clean: wasClean, first: sizes[0] ?? 0});
    };
  });
}

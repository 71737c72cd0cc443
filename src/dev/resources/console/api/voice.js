import {ApiError} from '../sdk/index.js';
import {sentence} from './failures.js';

/** What the service transcribes. */
const FORMAT = 'audio/webm;codecs=opus';

/** Length of a message of audio, in milliseconds; the service recommends 100 to 200. */
const SLICE_MS = 150;

/** Close codes that no error message explains. The others come with one. @type {Record<number, string>} */
const CLOSED = {
  1001: 'The service is shutting down.',
  1011: 'The service ended the session.',
  1013: 'The service is busy. Try again later.',
};

/** The code of a connection that was lost or never opened. */
const NO_CLOSE_FRAME = 1006;

/**
 * One session of live speech: the microphone goes to the service, and the words come back as they are spoken.
 *
 *     const speech = new LiveSpeech(api, exchanges);
 *     speech.addEventListener('change', () => show(speech.heard, speech.interim));
 *     speech.start();
 *     …
 *     speech.stop();
 *
 * Dispatches `change` whenever something of it has changed, and each second while it listens. A session costs credits
 * from its first audio, so that this never opens a second one by itself: after a loss, the final words are kept, and
 * the person decides.
 */
export class LiveSpeech extends EventTarget {
  /** @type {'starting' | 'listening' | 'finishing' | 'ended'} */
  state = 'starting';
  /** Words that are final. */
  heard = '';
  /** Words that the service may still change. */
  interim = '';
  maxSeconds = 0;
  sessionId = '';
  /** Why it ended before its time, for people; empty otherwise. */
  failure = '';
  /** The code of the contract that belongs to `failure`; empty if the service sent none. */
  failureCode = '';
  /** Whether the upgrade was refused or never answered. A browser does not say which, nor shows the answer. */
  wasRefused = false;
  /** Duration, cost and text of the session; undefined if it was lost. @type {import('./schemas.js').Schemas['VoiceComplete'] | undefined} */
  result;
  #api;
  #exchanges;
  /** @type {MediaStream | undefined} */
  #microphone;
  /** @type {MediaRecorder | undefined} */
  #recorder;
  /** @type {import('../sdk/index.js').VoiceSession | undefined} */
  #session;
  /** @type {import('./exchanges.js').Exchange | undefined} */
  #exchange;
  #begun = 0;
  #ended = 0;
  #sentMessages = 0;
  #sentBytes = 0;
  /** Whether the service has said its last word; audio after it would be sent for nothing. */
  #isOver = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /**
   * @param {import('./client.js').ApiClient} api
   * @param {import('./exchanges.js').Exchanges} exchanges
   */
  constructor(api, exchanges) {
    super();
    this.#api = api;
    this.#exchanges = exchanges;
  }

  /** Whether this browser can record what the service transcribes. */
  static get isSupported() {
    return 'MediaRecorder' in window && MediaRecorder.isTypeSupported(FORMAT);
  }

  /** Seconds since the first audio. */
  get seconds() {
    return this.#begun === 0 ? 0 : Math.floor(((this.#ended || performance.now()) - this.#begun) / 1000);
  }

  /** Asks for the microphone, then connects. */
  async start() {
    try {
      // The ticket comes second: it is valid for seconds, and people think about a permission for longer.
      this.#microphone = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1, noiseSuppression: true}});
      const session = this.#isEnded() ? undefined : await this.#api.sdk.voice();
      if (this.#isEnded()) {
        // The person did not wait.
        session?.close();
        this.#release();
      } else if (session) {
        this.#session = session;
        await this.#follow(session);
      }
    } catch (thrown) {
      this.#end(thrown instanceof DOMException ? microphoneFailure(thrown) : sentence(thrown));
    }
  }

  /** No more audio. The service still sends the last words and what the session cost. */
  stop() {
    if (this.state === 'starting') {
      this.#session?.close();
      this.#end('');
    } else if (this.state === 'listening') {
      this.#recorder?.stop();
    }
  }

  #isEnded() {
    return this.state === 'ended';
  }

  /** @param {import('../sdk/index.js').VoiceSession} session */
  async #follow(session) {
    const exchange = this.#exchanges.begin({method: 'WS', url: session.url, headers: {}});
    this.#exchange = exchange;
    let failure = '';
    try {
      for await (const message of session) {
        exchange.status = 101;
        exchange.received(`← ${JSON.stringify(message)}\n`);
        this.#received(message);
      }
    } catch (thrown) {
      const {close_code: code, was_open: wasOpen} = thrown instanceof ApiError ? thrown.extras : {};
      this.wasRefused = !wasOpen && !this.#isEnded();
      failure = closeReason(Number(code), Boolean(wasOpen));
    }
    exchange.received(`→ ${this.#sentMessages} messages of audio, ${this.#sentBytes} bytes in all\n`);
    if (failure) {
      exchange.failed(failure);
    } else {
      exchange.ended();
    }
    if (!this.#isEnded()) {
      this.#end(this.failure || failure);
    }
  }

  /** @param {import('../sdk/index.js').VoiceMessage} message */
  #received(message) {
    switch (message.type) {
      case 'connected':
        this.sessionId = message.session_id;
        this.maxSeconds = message.max_duration_seconds;
        this.#record();
        break;
      case 'transcript':
        this.interim = message.is_final ? '' : message.text;
        this.heard = message.is_final ? joined(this.heard, message.text) : this.heard;
        break;
      case 'complete':
        // Also contains interim words that no final ones replaced.
        this.heard = message.full_transcript;
        this.interim = '';
        this.result = message;
        this.#isOver = true;
        break;
      case 'error':
        this.failure = message.message;
        this.failureCode = message.code;
        this.#isOver = true;
        break;
    }
    this.#changed();
  }

  #record() {
    const microphone = /** @type {MediaStream} */ (this.#microphone);
    this.#recorder = new MediaRecorder(microphone, {mimeType: FORMAT, audioBitsPerSecond: 32_000});
    this.#recorder.ondataavailable = ({data}) => {
      if (data.size > 0 && !this.#isOver && this.#session?.send(data)) {
        this.#sentMessages++;
        this.#sentBytes += data.size;
      }
    };
    // Follows the last audio, also if the microphone is unplugged.
    this.#recorder.onstop = () => this.#endStream();
    this.#recorder.start(SLICE_MS);
    this.#begun = performance.now();
    this.#timer = setInterval(() => this.#changed(), 1000);
    this.state = 'listening';
  }

  #endStream() {
    if (this.state !== 'listening') {
      return;
    }
    this.state = 'finishing';
    this.#ended = performance.now();
    if (!this.#isOver && this.#session?.finish()) {
      this.#exchange?.received('→ end_stream\n');
    }
    this.#release();
    this.#changed();
  }

  /** @param {string} failure */
  #end(failure) {
    this.failure = failure;
    this.interim = '';
    this.state = 'ended';
    this.#ended ||= performance.now();
    this.#release();
    this.#changed();
  }

  /** Turns the microphone off. */
  #release() {
    clearInterval(this.#timer);
    if (this.#recorder && this.#recorder.state !== 'inactive') {
      this.#recorder.stop();
    }
    for (const track of this.#microphone?.getTracks() ?? []) {
      track.stop();
    }
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/**
 * The texts with a space between them, unless one is empty or there is white space.
 * @param {string} first
 * @param {string} second
 */
export function joined(first, second) {
  return first && second && !/\s$/.test(first) ? `${first} ${second}` : first + second;
}

/** @param {number} code @param {boolean} wasOpen */
function closeReason(code, wasOpen) {
  if (!wasOpen) {
    return 'The service did not open a session.';
  }
  return code === NO_CLOSE_FRAME
    ? 'The connection was lost.'
    : CLOSED[code] ?? `The connection was closed (code ${code}).`;
}

/** @param {DOMException} exception of getUserMedia */
function microphoneFailure({name, message}) {
  switch (name) {
    case 'NotAllowedError':
      return 'The browser may not use the microphone. Allow it in the settings of this page.';
    case 'NotFoundError':
      return 'There is no microphone.';
    case 'NotReadableError':
      return 'Another application uses the microphone.';
    default:
      return message;
  }
}

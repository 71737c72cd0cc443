import {render} from './lit-html/lit-html.js';
import {ControlPort} from './api/control.js';
import {Exchanges} from './api/exchanges.js';
import {Session} from './api/session.js';
import {sentence} from './api/failures.js';
import {App} from './app/app.js';
import {signInPage} from './app/sign-in.js';

/** The person of this tab; other tabs may show others. */
const TAB_KEY = 'perpetua-flow.user';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

if (location.hostname !== 'localhost') {
  // The service admits the console's origin under one name.
  location.hostname = 'localhost';
}

// Menus close like those of a desktop.
for (const type of ['pointerdown', 'keydown', 'focusin']) {
  addEventListener(type, event => {
    for (const menu of document.querySelectorAll('details.menu[open]')) {
      const isEscape = event instanceof KeyboardEvent && event.key === 'Escape';
      if (isEscape || (type !== 'keydown' && !menu.contains(/** @type {Node} */ (event.target)))) {
        menu.removeAttribute('open');
        if (isEscape) {
          menu.querySelector('summary')?.focus();
        }
      }
    }
  });
}

const exchanges = new Exchanges();
const control = new ControlPort(exchanges);
try {
  const {service, google_client_id} = await control.get('/');
  const connection = {service, googleClientId: google_client_id, control, exchanges};
  const userId = sessionStorage.getItem(TAB_KEY);
  const session = userId ? new Session(service, exchanges, userId) : undefined;
  if (session?.user) {
    await open(connection, session);
  } else {
    signIn(connection, '');
  }
} catch (thrown) {
  render(sentence(thrown), root);
}

/** @typedef {import('./app/app.js').Connection} Connection */

/** @param {Connection} connection @param {string} message why the person has to sign in */
function signIn(connection, message) {
  sessionStorage.removeItem(TAB_KEY);
  signInPage(root, connection, message, session => open(connection, session));
}

/** @param {Connection} connection @param {Session} session */
async function open(connection, session) {
  sessionStorage.setItem(TAB_KEY, session.user?.id ?? '');
  const app = new App(root, connection, session);
  session.addEventListener('end', () => {
    app.close();
    signIn(connection, app.farewell);
  }, {once: true});
  await app.start();
}

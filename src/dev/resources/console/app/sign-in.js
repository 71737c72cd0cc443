import {html, nothing, render} from '../lit-html/lit-html.js';
import {thisDevice} from '../api/device.js';
import {Session} from '../api/session.js';
import {sentence} from '../api/failures.js';
import {initials} from './format.js';

/** People to begin with. */
const SUGGESTIONS = ['ada@example.com', 'grace@example.com'];

/**
 * Signs a person in: with the fake Google as anyone, or with Google's own button if the service is configured with a
 * client id of Google.
 * @param {HTMLElement} root
 * @param {import('./app.js').Connection} connection
 * @param {string} message shown above the form
 * @param {(session: Session) => void} signedIn
 */
export function signInPage(root, connection, message, signedIn) {
  let failure = '';
  let isBusy = false;
  const {service, control, exchanges, googleClientId} = connection;
  document.title = 'Sign in · Perpetua Flow';

  /** @param {() => Promise<Session>} work */
  const run = async work => {
    isBusy = true;
    failure = '';
    update();
    try {
      signedIn(await work());
    } catch (thrown) {
      failure = sentence(thrown);
      isBusy = false;
      update();
    }
  };

  /** @param {string} email @param {boolean} isPro */
  const asAnyone = (email, isPro) => run(async () => {
    if (isPro) {
      // Pays on the fake payment page. That session is not used: its token would still say "free".
      await control.post('/session', {email, tier: 'pro', device: thisDevice()});
    }
    const {id_token} = await control.post('/google/id-token', {email});
    return Session.signIn(service, exchanges, id_token);
  });

  /** @param {SubmitEvent} event */
  const submit = event => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    asAnyone(String(form.get('email')), form.get('tier') === 'pro');
  };

  const suggested = new URLSearchParams(location.search).get('email') ?? SUGGESTIONS[0];

  const update = () => render(html`
    <main class="sign-in">
      <h1>Perpetua Flow</h1>
      <p>The console of the dev server: sign in as anyone and see the service work.</p>
      ${message ? html`<p role="status" class="notice">${message}</p>` : nothing}
      ${failure ? html`<p role="alert" class="failure">${failure}</p>` : nothing}
      ${Session.people().length > 0 ? html`
        <section aria-labelledby="signed-in"><h2 id="signed-in">Signed in in this browser</h2>
          <ul class="plain people">${Session.people().map(user => html`
            <li><button ?disabled=${isBusy} @click=${() => signedIn(new Session(service, exchanges, user.id))}>
              <span class="avatar" aria-hidden="true">${initials(user.name)}</span>
              <span><strong>${user.name}</strong><br>${user.email}</span></button></li>`)}
          </ul></section>` : nothing}
      ${googleClientId ? html`<div id="google-button"></div>` : html`
        <form @submit=${submit}>
          <label>Email <input name="email" type="email" required autocomplete="off" .value=${suggested} list="people"></label>
          <datalist id="people">${SUGGESTIONS.map(email => html`<option value=${email}></option>`)}</datalist>
          <fieldset><legend>Tier</legend>
            <label class="choice"><input type="radio" name="tier" value="free" checked> Free</label>
            <label class="choice"><input type="radio" name="tier" value="pro"> Pro, paid with the fake payment provider</label>
          </fieldset>
          <button class="primary" ?disabled=${isBusy}>${isBusy ? 'Signing in …' : 'Sign in with the fake Google'}</button>
        </form>`}
    </main>`, root);

  update();
  if (googleClientId) {
    googleButton(googleClientId, idToken => run(() => Session.signIn(service, exchanges, idToken)));
  }
}

/**
 * Google's button, https://developers.google.com/identity/gsi/web.
 * @param {string} clientId
 * @param {(idToken: string) => void} signedIn
 */
function googleButton(clientId, signedIn) {
  const script = document.createElement('script');
  script.src = 'https://accounts.google.com/gsi/client';
  script.onload = () => {
    /** @type {{initialize: (options: object) => void, renderButton: (parent: Element | null, options: object) => void}} */
    const google = Reflect.get(window, 'google').accounts.id;
    google.initialize({client_id: clientId, callback: (/** @type {{credential: string}} */ answer) => signedIn(answer.credential)});
    google.renderButton(document.getElementById('google-button'), {theme: 'outline', size: 'large'});
  };
  document.head.append(script);
}

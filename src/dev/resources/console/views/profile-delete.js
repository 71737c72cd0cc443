import {html} from '../lit-html/lit-html.js';
import {sentence} from '../api/failures.js';
import {Dialog} from '../parts/dialog.js';
import {ApiError, Intent} from '../sdk/index.js';

/**
 * Asks for the email of the account before it is deleted. The service checks it.
 * @param {import('../app/app.js').App} app
 * @param {string} email
 */
export function confirmDeletion(app, email) {
  const intent = new Intent();
  let isBusy = false;
  let failure = '';

  /** @param {SubmitEvent} event */
  const submit = async event => {
    event.preventDefault();
    const confirm = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('confirm'));
    isBusy = true;
    failure = '';
    dialog.update();
    try {
      await app.api.delete('/api/v1/users/me', {body: {confirm}, intent});
      dialog.close();
      app.outbox.clear();
      await app.signOut('Your account and all its data have been deleted.');
    } catch (thrown) {
      failure = thrown instanceof ApiError && thrown.field('confirm') || sentence(thrown);
      isBusy = false;
      dialog.update();
    }
  };

  const dialog = new Dialog('Delete the account?', () => html`
    <p>Tasks, notes, credits and all else of <strong>${email}</strong> are deleted at once, on all devices. Credits and
      months of Pro that you paid for are lost.</p>
    <form @submit=${submit}>
      <label>Type the email of the account
        <input name="confirm" type="email" required autofocus autocomplete="off" aria-describedby="confirm-error"
          aria-invalid=${failure ? 'true' : 'false'}></label>
      <p class="field-error" id="confirm-error" role="alert">${failure}</p>
      <div class="row">
        <button class="danger" ?disabled=${isBusy}>${isBusy ? 'Deleting …' : 'Delete everything'}</button>
        <button type="button" @click=${() => dialog.close()}>Keep the account</button>
      </div>
    </form>`);
}

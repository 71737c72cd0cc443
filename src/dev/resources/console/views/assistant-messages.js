import {html, nothing} from '../lit-html/lit-html.js';
import {counted} from '../app/format.js';
import {icon} from '../parts/icons.js';
import {focusSuggestion, suggestionCard} from '../parts/suggestion.js';

/** @typedef {import('./assistant-turn.js').Turn} Turn */

/**
 * A question and its answer.
 * @param {Turn} turn
 * @param {object} options
 * @param {import('../app/app.js').App} options.app
 * @param {() => void} options.repeat sends the question again
 * @param {() => void} options.changed
 */
export function turnTemplate(turn, {app, repeat, changed}) {
  const {message, about, question, state, text, suggestions} = turn;
  return html`
    <li class="turn">
      <div class="question"><span class="hidden">You:</span> <p>${message}</p>
        ${about && question.kind === 'chat' ? html`<p class="faint">About “${about.title}”</p>` : nothing}</div>
      <div class="answer"><span class="hidden">Assistant:</span>
        ${text ? html`<p>${text}</p>` : nothing}
        ${state === 'running' && !text ? html`<p class="faint">Thinking …</p>` : nothing}
        ${suggestions.map(suggestion => suggestionCard(suggestion, {
          timeZone: app.timeZone,
          confirm: async () => {
            if (await suggestion.confirm(app, changed) || suggestion.state === 'refused') {
              focusSuggestion(suggestion);
            }
          },
          dismiss: () => {
            suggestion.dismiss();
            changed();
            focusSuggestion(suggestion);
          },
        }))}
        ${outcome(turn, repeat)}
      </div>
    </li>`;
}

/** @param {Turn} turn @param {() => void} repeat */
function outcome({state, text, failure, failureCode, isTruncated, isWarned, credits}, repeat) {
  const again = (/** @type {string} */ label) => html`
    <button type="button" @click=${repeat}>${icon('repeat')} ${label}</button>`;
  switch (state) {
    case 'running':
      // Keeps the place of the line that follows.
      return html`<p class="faint" aria-hidden="true">&nbsp;</p>`;
    case 'failed':
      return html`
        <div class="failure">
          <p>${failure} ${failureCode === 'INSUFFICIENT_CREDITS'
            ? html`<a href="#/pro">Get credits</a>`
            : 'Trying again does not cost twice.'}</p>
          ${again('Try again')}</div>`;
    case 'stopped':
      // The service has stored the words that it sent, with what was suggested by then.
      return html`<p class="faint row">${text ? 'Stopped. The words so far are paid for.' : 'Stopped.'}
        ${again(text ? 'Show the stored answer' : 'Try again')}</p>`;
    case 'done':
      return html`
        <p class="faint row">${credits ? `${counted(credits.used, 'credit')} used, ${credits.remaining} left` : nothing}
          ${isTruncated ? html`<span class="tag warm">The answer was interrupted</span>` : nothing}
          ${isWarned ? html`<span class="tag warm">Few more requests about this task are possible now</span>` : nothing}
        </p>`;
  }
}

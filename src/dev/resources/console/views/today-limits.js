import {html, nothing} from '../lit-html/lit-html.js';

/** What makes room, by what there is too much of. */
const HELP = {
  tasks: 'Complete, hide or archive a task to make room. Some achievements raise the limit.',
  subtasks: 'Delete a subtask to make room.',
  reminders: 'Delete a reminder to make room; those that were sent count as well.',
};

/**
 * Says which limit is reached and what helps.
 * @param {import('../sdk/index.js').ApiError} failure with code LIMIT_EXCEEDED
 * @param {keyof typeof HELP} what
 * @param {import('../api/schemas.js').Schemas['User'] | undefined} user
 */
export function limitHelp({extras}, what, user) {
  const isRaisedByPro = what !== 'reminders' && user?.tier !== 'pro';
  return html`<div class="failure" role="alert"><p>
    <strong>${extras.current} of ${extras.limit} ${what === 'tasks' ? 'open tasks' : what} are in use.</strong>
    ${HELP[what]}
    ${isRaisedByPro ? html`Pro has a higher limit: <a href="#/pro">see Pro</a>.` : nothing}</p></div>`;
}

/** Says which limit is reached, in the words of the service. @param {string} text @param {import('../api/schemas.js').Schemas['User'] | undefined} user */
export function limitNotice(text, user) {
  return html`<div class="failure" role="alert"><p><strong>${text}</strong>
    ${user?.tier === 'pro' ? nothing : html`Pro has higher limits: <a href="#/pro">see Pro</a>.`}</p></div>`;
}

// A day of a person in the console: node story.mjs CHROMIUM CONSOLE_URL DIRECTORY_OF_PICTURES [EMAIL_OF_A_NEW_PERSON]
// Prints its steps; exits with 1 if a step fails or the browser reports a fault.
import {WatchedBrowser} from './watched.mjs';

const [, , chromium, url, directory, person = 'ada@example.com'] = process.argv;
const WIDE = {width: 1440, height: 900};
const NARROW = {width: 360, height: 740};

const browser = await WatchedBrowser.launch(chromium, directory);
const control = (path, body = {}) => fetch(new URL(path, url), {
  method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
}).then(response => response.json());
const {service} = await fetch(url, {headers: {Accept: 'application/json'}}).then(response => response.json());

try {
  await story();
} catch (failure) {
  browser.faults.push(String(failure));
} finally {
  await browser.close();
}
console.log(browser.steps.join('\n'));
console.log(browser.faults.join('\n'));
process.exitCode = browser.faults.length > 0 ? 1 : 0;

async function story() {
  const profile = await browser.profile({viewport: WIDE, colorScheme: 'light', reducedMotion: 'reduce'});
  const page = await profile.newPage();
  const button = (name, options) => page.getByRole('button', {name, ...options});
  const main = page.getByRole('main');
  const heading = name => page.getByRole('heading', {name});
  const open = async (screen, title = screen) => {
    await page.getByRole('navigation').getByRole('link', {name: screen}).click();
    await page.getByRole('heading', {name: title, level: 1}).waitFor();
  };
  const add = async (title, details) => {
    await page.getByLabel('New task').fill(title);
    const summary = page.getByText('Details: date, priority, repetition');
    if (details) {
      await summary.click();
      await details();
    }
    await button('Add task').click();
    await row(title).waitFor();
    if (details) {
      await summary.click();
    }
  };
  const row = title => page.getByRole('checkbox', {name: `Done: ${title}`});
  /** Empties the list of requests, whose contrasts would take most of the time of later checks. */
  const clearRequests = async () => {
    await button('Clear', {exact: true}).click();
    await page.waitForFunction(() => document.querySelectorAll('.requests summary').length < 10);
  };

  await browser.step('sign in', async () => {
    await page.goto(url);
    await heading('Perpetua Flow').waitFor();
    await browser.look(page, 'sign-in');
    await page.getByLabel('Email').fill(person);
    await button('Sign in with the fake Google').click();
    await page.getByRole('heading', {name: 'Today', level: 1}).waitFor();
  });

  await browser.step('plan the day', async () => {
    await page.getByLabel('New task').fill('Buy milk tomorrow @shop p1');
    await page.getByText('Title: Buy milk').waitFor();
    await browser.look(page, 'quick-add');
    // What is understood is not awaited.
    const unanswered = route => route.request().postDataJSON().dry_run ? undefined : route.fallback();
    await page.route('**/tasks/quick', unanswered);
    const asked = page.waitForRequest(request =>
        request.url().endsWith('/tasks/quick') && request.postDataJSON()?.text === 'Water the plant');
    await page.getByLabel('New task').fill('Water the plant');
    await asked;
    await add('Water the plants');
    await page.unroute('**/tasks/quick', unanswered);
    await add('Send the invoice', async () => {
      await page.getByLabel('Due').fill(await inHours(2));
      await page.getByLabel('Priority').selectOption('high');
      await page.getByLabel('Estimated minutes').fill('25');
    });
    await add('Plan the trip');
    await page.getByRole('button', {name: 'Subtasks, Plan the trip'}).click();
    for (const subtask of ['Book the train', 'Pack']) {
      await page.getByLabel('New subtask of Plan the trip').fill(subtask);
      await page.keyboard.press('Enter');
      await row(subtask).waitFor();
    }
  });

  await browser.step('a recurring task, with a preview, and its next occurrence', async () => {
    await add('Stretch for ten minutes', async () => {
      await page.getByLabel('Repeats').selectOption({label: 'Every day'});
      await page.getByText('Repeats every day.').waitFor();
    });
    const first = await row('Stretch for ten minutes').evaluate(box => box.closest('li').dataset.row);
    await row('Stretch for ten minutes').click();
    await page.waitForFunction(row => {
      const box = document.querySelector('input[aria-label="Done: Stretch for ten minutes"]');
      return box && !box.checked && box.closest('li').dataset.row !== row;
    }, first);
  });

  await browser.step('a reminder', async () => {
    await button('Send the invoice', {exact: true}).click();
    const editor = page.getByRole('dialog');
    await editor.getByLabel('How long').fill('30');
    await editor.getByRole('button', {name: 'Add reminder'}).click();
    await editor.getByText('30 min before it is due').first().waitFor();
    await browser.look(page, 'task-editor');
    await page.keyboard.press('Escape');
  });

  await browser.step('subtasks complete their task', async () => {
    await row('Book the train').click();
    await row('Pack').click();
    await row('Plan the trip').waitFor({state: 'hidden'});
  });

  await browser.step('focus', async () => {
    await button('Start focus on Water the plants').click();
    await page.getByRole('timer').waitFor();
    await browser.look(page, 'today-light');
    await button('Stop focus', {exact: true}).click();
    await page.getByRole('timer').waitFor({state: 'hidden'});
  });

  await browser.step('undo and redo of a deletion', async () => {
    await button('Delete Water the plants').click();
    await row('Water the plants').waitFor({state: 'hidden'});
    await button('Undo').click();
    await row('Water the plants').waitFor();
    await button('Redo').click();
    await row('Water the plants').waitFor({state: 'hidden'});
    await page.getByText('Redone: Deleted a task: Water the plants').waitFor();
    await page.keyboard.press('Control+z');
    await row('Water the plants').waitFor();
  });

  await browser.step('two tabs in step', async () => {
    const other = await profile.newPage();
    await other.goto(url);
    await other.getByRole('button', {name: person}).click();
    await other.getByRole('checkbox', {name: 'Done: Water the plants'}).click();
    await row('Water the plants').waitFor({state: 'hidden'});
    await other.getByRole('button', {name: 'Undo'}).click();
    await row('Water the plants').waitFor();
    await other.getByRole('button', {name: 'Redo'}).click();
    await row('Water the plants').waitFor({state: 'hidden'});
    await other.close();
  });

  await browser.step('two devices in step', async () => {
    const phone = await device('Phone');
    await within(2_000, async () => {
      await phone.send('POST', '/tasks', {title: 'Call Grandma'});
      await row('Call Grandma').waitFor();
    });
    const invoice = await row('Send the invoice').evaluate(box => box.closest('li').dataset.row);
    await button('Send the invoice', {exact: true}).click();
    const editor = page.getByRole('dialog');
    const title = editor.getByLabel('Title', {exact: true});
    await editor.getByRole('heading', {name: 'Reminders'}).waitFor();
    await title.fill('Send the invoice today');
    await title.evaluate(input => input.setSelectionRange(5, 8));
    await within(2_000, async () => {
      await phone.edit(invoice, {title: 'Send the bill', estimated_duration: 40});
      await editor.getByText('Saved now: Send the bill').waitFor();
    });
    const kept = await title.evaluate(input =>
      [input.value, input.selectionStart, input.selectionEnd, input === document.activeElement].join());
    if (kept !== 'Send the invoice today,5,8,true') {
      throw new Error(`after the change of another device the field has ${kept}`);
    }
    await browser.look(page, 'changed-elsewhere');
    await editor.getByRole('button', {name: 'Choose what stays'}).click();
    await page.getByRole('radio', {name: /Take theirs.*40 min/}).check();
    await page.getByRole('radio', {name: /Keep mine.*Send the invoice today/}).check();
    await button('Save my choice').click();
    await row('Send the invoice today').waitFor();
    await phone.edit(invoice, {title: 'Send the invoice'});
    await row('Send the invoice').waitFor();
    await phone.send('DELETE', `/tasks/${await row('Call Grandma').evaluate(box => box.closest('li').dataset.row)}`);
    await row('Call Grandma').waitFor({state: 'hidden'});
    await page.getByRole('tab', {name: 'Live'}).click();
    await page.getByText('Open: changes arrive as they happen.').waitFor();
    await page.locator('.live li').filter({hasText: '"deleted":true'}).first().waitFor();
    await browser.look(page, 'live');
    await page.getByRole('tab', {name: 'Requests'}).click();
  });

  await browser.step('a session of another device', async () => {
    await page.goto(`${url}#/profile`);
    const phone = main.getByRole('listitem').filter({hasText: 'Phone'});
    await phone.waitFor();
    await main.getByRole('listitem').filter({hasText: 'This device'}).getByText('Chrome on').waitFor();
    await browser.look(page, 'sessions');
    await button('End the session of Phone').click();
    await phone.waitFor({state: 'detached'});
    await open('Today');
  });

  await browser.step('days without a task that do not end the streak', async () => {
    await page.goto(`${url}#/profile`);
    await main.getByLabel('Sunday').check();
    await page.getByText('Changed the streak settings').waitFor();
    const day = (await inHours(24)).slice(0, 10);
    await main.getByLabel('Pause from').fill(day);
    await main.getByLabel('Pause to').fill(day);
    await button('Add pause').click();
    await button(/^Remove the pause/).click();
    await button(/^Remove the pause/).waitFor({state: 'detached'});
    await page.reload();
    await main.getByRole('checkbox', {name: 'Sunday', checked: true}).waitFor();
  });

  await browser.step('a token of a program', async () => {
    await page.goto(`${url}#/profile`);
    await main.getByLabel('Name of the program').fill('Shell scripts');
    await button('Create token').click();
    const token = main.getByRole('listitem').filter({hasText: 'Shell scripts'});
    const secret = await token.locator('code').textContent();
    const asProgram = path => fetch(service + path, {headers: {Authorization: `Bearer ${secret}`}});
    if ((await asProgram('/api/v1/tasks')).status !== 200 || (await asProgram('/api/v1/notes')).status !== 403) {
      throw new Error('the token must permit what was chosen, and no more');
    }
    await browser.look(page, 'tokens');
    await button('Revoke Shell scripts').click();
    await token.waitFor({state: 'detached'});
    if ((await asProgram('/api/v1/tasks')).status !== 401) {
      throw new Error('a revoked token must be refused');
    }
    await open('Today');
  });

  await browser.step('a webhook to the receiver of the dev server', async () => {
    await page.goto(`${url}#/profile`);
    await button('Use the dev server’s receiver').click();
    await page.waitForFunction(() => document.getElementById('webhook-url')?.value);
    await button('Register').click();
    await main.getByText('The secret, shown once:').waitFor();
    await button('Send a test').click();
    const test = main.getByRole('listitem').filter({hasText: 'webhook.test'});
    await test.getByText('delivered').waitFor();
    await browser.look(page, 'webhooks');
    await button('Send webhook.test again').click();
    await test.getByText('2 attempts').waitFor();
    const {deliveries} = await (await fetch(new URL('/webhooks/received', url))).json();
    if (!(deliveries.length === 2 && deliveries.every(({verified, id}) => verified && id === deliveries[0].id))) {
      throw new Error(`received ${JSON.stringify(deliveries)}`);
    }
    await button(/^Delete the webhook/).click();
    await test.waitFor({state: 'detached'});
  });

  await browser.step('subscribe a calendar', async () => {
    await page.goto(`${url}#/profile`);
    await page.getByLabel('Name of the calendar').fill('My tasks');
    await button('Create feed').click();
    const feed = await page.getByRole('link', {name: 'Open the feed'}).getAttribute('href');
    const read = async () => {
      const response = await fetch(feed);
      return `${response.status} ${await response.text()}`;
    };
    await browser.look(page, 'calendar-feeds');
    const calendar = await read();
    if (!calendar.includes('SUMMARY:Send the invoice') || !calendar.includes('X-WR-CALNAME:My tasks')) {
      throw new Error(`the calendar lacks the task: ${calendar}`);
    }
    await button('Revoke My tasks').click();
    await page.getByRole('link', {name: 'Open the feed'}).waitFor({state: 'detached'});
    if (!(await read()).startsWith('404 ')) {
      throw new Error('a revoked feed can be read');
    }
    await open('Today');
  });

  await browser.step('trying an import', async () => {
    await page.goto(`${url}#/profile`);
    await main.getByLabel('Source').selectOption('todoist_csv');
    const content = 'TYPE,CONTENT,DATE\ntask,Book the train @rail,some day\ntask,Pack,\n';
    await main.getByLabel('List of a Todoist CSV').fill('Trip');
    await main.locator('input[name="file"]').setInputFiles({name: 'trip.csv', mimeType: 'text/csv', buffer: Buffer.from(content)});
    await button('Try without changes').click();
    await main.getByText('Would add 2 tasks').waitFor();
    await main.getByText('1 lists, 1 labels').waitFor();
    await main.getByText('The date is not one that is certain').waitFor();
    await browser.look(page, 'import');
    await open('Today');
  });

  await browser.step('undo on the activity page, and by another device', async () => {
    const laptop = await device('Laptop');
    const {data: {id}} = await laptop.send('POST', '/tasks', {title: 'Fix the bike'});
    await row('Fix the bike').waitFor();
    await laptop.edit(id, {completed: true});
    await laptop.send('DELETE', `/tasks/${id}`);
    await open('Activity');
    await button('Undo: Deleted a task: Fix the bike').click();
    await button('Redo: Deleted a task: Fix the bike').waitFor();
    await button('Undo: Completed a task: Fix the bike').click();
    await button('Redo: Completed a task: Fix the bike').click();
    await button('Undo: Completed a task: Fix the bike').nth(1).waitFor();
    const {data: entries} = await laptop.send('GET', `/activity?entity_id=${id}&action=task_completed`);
    await laptop.edit(id, {description: 'The chain is loose.'});
    const conflict = page.locator('.toast.error').filter({hasText: 'changed since'});
    await browser.expecting([409], async () => {
      await button('Undo: Completed a task: Fix the bike').last().click();
      await conflict.waitFor();
    });
    await conflict.getByRole('button', {name: 'Close message'}).click();
    await open('Today');
    await laptop.edit(id, {description: ''});
    await within(2_000, async () => {
      await laptop.send('POST', `/activity/${entries[0].id}/undo`);
      await row('Fix the bike').waitFor();
    });
  });

  await browser.step('two texts of one task', async () => {
    await clearRequests();
    const other = await profile.newPage();
    await other.goto(url);
    await other.getByRole('button', {name: person}).click();
    const edit = async (tab, title) => {
      await tab.getByRole('button', {name: 'Send the invoice', exact: true}).click();
      await tab.getByRole('dialog').getByLabel('Title', {exact: true}).fill(title);
    };
    const save = tab => tab.getByRole('dialog').getByRole('button', {name: 'Save', exact: true}).click();
    await edit(page, 'Send the invoice to Elin');
    await edit(other, 'Send the invoice of May');
    await save(other);
    await other.getByRole('dialog').waitFor({state: 'hidden'});
    await other.close();
    // It moves the button, so that a click at the same time would miss it.
    await page.getByText('This task was changed on another device while you edit it.').waitFor();
    await browser.expecting([409], async () => {
      await save(page);
      await heading('This task was changed in the meantime').waitFor();
    });
    await browser.look(page, 'conflict');
    await page.getByRole('radio', {name: /^Keep mine/}).check();
    await button('Save my choice').click();
    await row('Send the invoice to Elin').waitFor();
  });

  await browser.step('changes without a connection', async () => {
    await clearRequests();
    const tablet = await device('Tablet');
    const title = 'Send the invoice to Elin';
    const invoice = await row(title).evaluate(box => box.closest('li').dataset.row);
    const batches = [];
    let lost = 0;
    page.on('response', response => {
      if (response.request().method() === 'POST' && response.url().endsWith('/api/v1/sync')) {
        batches.push(response.request().postDataJSON());
      }
    });
    await browser.unreachable(async () => {
      await profile.setOffline(true);
      await add('Sow tomatoes');
      await button('Subtasks, Sow tomatoes').click();
      await page.getByLabel('New subtask of Sow tomatoes').fill('Buy seeds');
      await page.keyboard.press('Enter');
      await row('Buy seeds').waitFor();
      await button(title, {exact: true}).click();
      await page.getByRole('dialog').getByLabel('Title', {exact: true}).fill(`${title} and Olof`);
      await page.getByRole('dialog').getByRole('button', {name: 'Save', exact: true}).click();
      await button(`${title} and Olof`, {exact: true}).waitFor();
      await main.getByText('Waits to be sent').nth(2).waitFor();
      await browser.look(page, 'offline');
      await tablet.edit(invoice, {title: `${title} and Nils`});
      // The page comes from another server than its data.
      await profile.route(`${service}/**`, route => route.abort('connectionrefused'));
      await profile.setOffline(false);
      await page.reload();
      await row('Sow tomatoes').waitFor();
      await button('3 changes to send').click();
      await page.getByRole('dialog').getByText('Buy seeds').waitFor();
      await browser.look(page, 'outbox');
      await page.keyboard.press('Escape');
      // The first answer is lost.
      await profile.route(`${service}/api/v1/sync`, async route => {
        if (route.request().method() === 'POST' && lost === 0) {
          lost++;
          await route.fetch();
          await route.abort('connectionreset');
        } else {
          await route.fallback();
        }
      });
      await profile.unroute(`${service}/**`);
      await button('1 refused', {exact: true}).click();
    });
    await page.getByText('It was changed on another device in the meantime.').waitFor();
    await page.getByText(`Saved now: ${title} and Nils`).waitFor();
    await browser.look(page, 'refused');
    await button('Keep mine').click();
    await page.getByText('Everything has been sent.').waitFor();
    await page.keyboard.press('Escape');
    await row(`${title} and Olof`).waitFor();
    await button('0 of 1 subtasks, Sow tomatoes').click();
    await row('Buy seeds').waitFor();
    const sizes = batches.map(({commands}) => commands.length).join();
    if (sizes !== '3,1' || lost !== 1) {
      throw new Error(`the answered batches have ${sizes} commands, ${lost} answers were lost`);
    }
  });

  await browser.step('a payment', async () => {
    await open('Pro & credits');
    await button('Upgrade to Pro').click();
    await page.waitForURL('**/checkout/pay/**');
    await browser.look(page, 'payment');
    await page.getByRole('button', {name: /^Pay/}).click();
    await heading('Paid').waitFor();
    await browser.look(page, 'paid');
    await page.getByRole('link', {name: 'Return to the application'}).click();
    await page.waitForURL('**/#/pro');
    await page.getByText('Renews').waitFor();
    await browser.look(page, 'pro');
  });

  await browser.step('a spoken note', async () => {
    await clearRequests();
    await control('/deepgram/script', {steps: [
      {partial: 'buy oat'}, {partial: 'buy oat milk'}, {final: 'Buy oat milk and bread.'},
    ]});
    await open('Notes');
    await observeClose(page);
    await button('Speak').click();
    const text = page.getByLabel('New note');
    await page.getByLabel('New note').filter({hasText: 'Buy oat milk and bread.'}).waitFor();
    await browser.look(page, 'speech');
    await button('Stop speaking').click();
    const code = await page.evaluate(() => window.closeCode);
    if (code !== 1000) {
      throw new Error(`live speech was closed with ${code}`);
    }
    await button('Save note').click();
    await main.getByRole('listitem').filter({hasText: 'Buy oat milk and bread.'}).waitFor();
    if (await text.inputValue() !== '') {
      throw new Error('the saved note is still in the form');
    }
  });

  await browser.step('two texts of one note', async () => {
    const note = main.getByRole('listitem').filter({hasText: 'Buy oat milk and bread.'});
    await note.getByRole('button', {name: 'Edit'}).click();
    await main.getByLabel('Edit note').fill('Buy oat milk, bread and jam.');
    const tablet = await device('Tablet');
    const {data: [{id}]} = await tablet.send('GET', '/notes');
    await tablet.send('PATCH', `/notes/${id}`, {content: 'Buy oat milk and rolls.'});
    await main.getByText('Buy oat milk and rolls.', {exact: true}).waitFor();
    await browser.expecting([409], async () => {
      await button('Save', {exact: true}).click();
      await main.getByRole('alert').filter({hasText: 'changed'}).waitFor();
    });
    await button('Keep mine').click();
    await main.getByLabel('Edit note').fill('Buy oat milk and bread.');
    await button('Save', {exact: true}).click();
    await note.getByRole('button', {name: 'Edit'}).waitFor();
  });

  await browser.step('the note becomes a task', async () => {
    await clearRequests();
    await button('Make a task').click();
    await button('Create task').waitFor();
    await browser.look(page, 'notes');
    await button('Create task').click();
    await page.getByRole('button', {name: 'Show tasks'}).waitFor();
  });

  await browser.step('a proposal of the assistant, confirmed', async () => {
    await clearRequests();
    await open('Assistant');
    await page.getByRole('textbox', {name: 'Message'}).fill('Remind me to call the dentist.');
    await button('Send', {exact: true}).click();
    await button('Create task').waitFor();
    await browser.look(page, 'assistant');
    await button('Create task').click();
    await main.getByText('Done.').waitFor();
    await open('Today');
    await row('Call the dentist').waitFor();
  });

  await browser.step('the clock jumps, and the reminder arrives', async () => {
    await page.getByRole('tab', {name: 'Controls'}).click();
    for (let hour = 0; hour < 2; hour++) {
      await button('+1 hour').click();
      await page.getByRole('button', {name: '+1 hour', disabled: false}).waitFor();
    }
    await button('Run due jobs').click();
    await page.getByLabel(/^Notifications, \d+ unread/).waitFor();
    await page.getByLabel(/^Notifications/).click();
    await page.getByText('Send the invoice').last().waitFor();
    await browser.look(page, 'reminder');
    await button('Mark all as read').click();
    await page.getByLabel('Notifications', {exact: true}).waitFor();
    await page.keyboard.press('Escape');
  });

  await browser.step('someone else in another tab', async () => {
    const other = await profile.newPage();
    await other.goto(url);
    await other.getByLabel('Email').fill('grace@example.com');
    await other.getByRole('button', {name: 'Sign in with the fake Google'}).click();
    await other.getByText('Nothing to do.').waitFor();
    await other.close();
  });

  await browser.step('importing a Todoist export', async () => {
    await page.goto(`${url}#/profile`);
    await button('Import the sample').click();
    await main.getByText(/^Added [1-9]\d* tasks/).waitFor();
    await main.getByRole('list', {name: 'Report of the import'}).getByText('Learn to sail').waitFor();
  });

  await browser.step('what happened', async () => {
    await page.getByRole('tab', {name: 'Requests'}).click();
    await open('Activity');
    await main.getByText('Call the dentist').first().waitFor();
    await page.locator('.requests summary').first().click();
    await browser.look(page, 'activity');
    await open('System');
    await page.getByRole('img', {name: /^Requests/}).waitFor();
    await browser.look(page, 'system');
  });

  // Each request in it is a stop of the Tab key, and its contrast is checked.
  await button('Close developer panel').click();
  await browser.step('plan a week by keyboard alone', async () => {
    const {keyboard} = page;
    /** Moves the focus by Tab to an element. */
    const reach = async target => {
      await target.waitFor();
      const hasFocus = () => target.evaluate(element => element === document.activeElement);
      if (await hasFocus()) {
        return;
      }
      // Looking after each Tab would take most of the time on a long page: several at once, and then back.
      let passed = false;
      for (let i = 0; i < 50 && !passed; i++) {
        await target.evaluate(element => {
          window.passed = false;
          element.addEventListener('focus', () => { window.passed = true; }, {once: true});
        });
        await Promise.all(Array.from({length: 8}, () => keyboard.press('Tab')));
        passed = await page.evaluate(() => window.passed);
      }
      for (let i = 0; i < 8 && !await hasFocus(); i++) {
        await keyboard.press('Shift+Tab');
      }
      // A date has several parts, of which the first is reached from before it.
      while (await hasFocus()) {
        await keyboard.press('Shift+Tab');
      }
      await keyboard.press('Tab');
      if (!passed || !await hasFocus()) {
        throw new Error(`the keyboard does not reach ${target}`);
      }
    };
    const today = Date.parse((await inHours(0)).slice(0, 10));
    const later = new Date(today + 3 * 86_400_000);
    const weekday = new Intl.DateTimeFormat('en', {weekday: 'long', timeZone: 'UTC'}).format(later);
    const inDay = (day, title) => page.getByRole('region', {name: new RegExp(`^${day}`)})
        .getByRole('checkbox', {name: `Done: ${title}`});
    await reach(page.getByRole('navigation').getByRole('link', {name: 'Agenda'}));
    await keyboard.press('Enter');
    await page.getByRole('heading', {name: 'Agenda', level: 1}).waitFor();
    for (const [day, title] of [['Today', 'Pay the phone bill'], ['Tomorrow', 'Book the doctor'], [weekday, 'Bake a cake']]) {
      await reach(button(`Add a task for ${day}`));
      await keyboard.press('Enter');
      await keyboard.type(title);
      await keyboard.press('Enter');
      await inDay(day, title).waitFor();
    }
    await browser.look(page, 'agenda');
    // A start day later than the day on which it is due.
    await reach(button('Book the doctor', {exact: true}));
    await keyboard.press('Enter');
    await reach(page.getByRole('dialog').getByLabel('Start', {exact: true}));
    await keyboard.type(later.toISOString().replace(/(\d+)-(\d+)-(\d+)T.*/, '$2$3$1'));
    await keyboard.press('Enter');
    await inDay(weekday, 'Book the doctor').waitFor();
    await inDay('Tomorrow', 'Book the doctor').waitFor({state: 'detached'});
    // A time instead of the day.
    await reach(button('Bake a cake', {exact: true}));
    await keyboard.press('Enter');
    await reach(page.getByRole('dialog').getByLabel('Due', {exact: true}));
    await keyboard.type(new Date(today + 86_400_000).toISOString().replace(/(\d+)-(\d+)-(\d+)T.*/, '$2$3$1'));
    await keyboard.press('Tab');
    await keyboard.type('0930AM');
    await keyboard.press('Enter');
    await inDay('Tomorrow', 'Bake a cake').waitFor();
    await reach(row('Pay the phone bill'));
    await keyboard.press('Space');
    await row('Pay the phone bill').waitFor({state: 'detached'});
    await keyboard.press('Control+z');
    await inDay('Today', 'Pay the phone bill').waitFor();
    await reach(button('Day after'));
    await keyboard.press('Enter');
    await inDay('Tomorrow', 'Bake a cake').waitFor();
    await page.getByRole('region', {name: /^Today/}).waitFor({state: 'detached'});
    // A list in the person's own order.
    const open = async name => {
      await reach(page.getByRole('navigation').getByRole('link', {name, exact: true}));
      await keyboard.press('Enter');
      await page.getByRole('heading', {name, level: 1}).waitFor();
    };
    await open('Lists');
    await reach(page.getByLabel('New list'));
    await keyboard.type('Home');
    await keyboard.press('Enter');
    await button('Home 0').waitFor();
    await reach(page.getByLabel('New label'));
    await keyboard.type('errand');
    await keyboard.press('Enter');
    await button('Delete label errand').waitFor();
    await open('Agenda');
    for (const title of ['Book the doctor', 'Bake a cake']) {
      await reach(button(title, {exact: true}));
      await keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await reach(dialog.getByLabel('List', {exact: true}));
      await keyboard.type('Home');
      await dialog.getByRole('combobox', {name: 'List'}).and(page.locator(':has(option:checked:text-is("Home"))')).waitFor();
      await reach(dialog.getByRole('checkbox', {name: 'errand'}));
      await keyboard.press('Space');
      await page.getByRole('listitem').filter({has: row(title)}).getByText('errand').waitFor();
      await keyboard.press('Escape');
      await dialog.waitFor({state: 'detached'});
    }
    // A line in words, of which the console shows what is understood before it is added.
    await reach(page.getByLabel('New task'));
    await keyboard.type('Sweep the floor 🧹 every day #home @errand p1');
    await page.getByText('Title: Sweep the floor 🧹').waitFor();
    const understood = (await page.locator('#add-understood .tag').allTextContents()).join();
    const marks = (await page.locator('.spans mark').allTextContents()).join();
    if (understood !== 'First due today,Repeats every day,List home,Label errand,Priority high' ||
        marks !== 'every day,#home,@errand,p1') {
      throw new Error(`understood ${understood}, marked ${marks}`);
    }
    await keyboard.press('Enter');
    await inDay('Today', 'Sweep the floor').waitFor();
    const inEditor = async control => {
      await reach(button(/^Sweep the floor/));
      await keyboard.press('Enter');
      await reach(page.getByRole('dialog').getByRole(...control));
    };
    await inEditor(['button', {name: 'Skip this occurrence'}]);
    await keyboard.press('Enter');
    await inDay('Tomorrow', 'Sweep the floor').waitFor();
    await inEditor(['button', {name: 'To tomorrow'}]);
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.type(later.toISOString().replace(/(\d+)-(\d+)-(\d+)T.*/, '$2$3$1'));
    await keyboard.press('Enter');
    await inDay(weekday, 'Sweep the floor').waitFor();
    // A filter with an error, at whose place the caret is then.
    await open('Filters');
    await reach(page.getByLabel('Filter', {exact: true}));
    await keyboard.type('label = errand and due < todya');
    await browser.expecting([400], async () => {
      await keyboard.press('Enter');
      await page.locator('.filter-place mark').filter({hasText: /^todya$/}).waitFor();
    });
    await keyboard.press('Shift+End');
    await keyboard.type('today + 7d');
    await keyboard.press('Enter');
    await row('Sweep the floor').waitFor();
    await reach(page.getByLabel('Name', {exact: true}));
    await keyboard.type('Errands');
    await keyboard.press('Enter');
    await button('Errands', {exact: true}).waitFor();
    await keyboard.press('Control+a');
    await keyboard.type('This week');
    await keyboard.press('Enter');
    await reach(button('This week', {exact: true}));
    await keyboard.press('Alt+ArrowUp');
    await page.getByText('This week is now 1 of 2').waitFor();
    await page.getByRole('list', {name: 'Saved filters'}).getByRole('listitem').first().getByText('This week').waitFor();
    await reach(button('Delete Errands'));
    await keyboard.press('Enter');
    await page.getByText('Deleted a filter: Errands').waitFor();
    await keyboard.press('Control+z');
    await reach(button('Errands', {exact: true}));
    await keyboard.press('Enter');
    await open('Lists');
    await reach(button('Home 3'));
    await keyboard.press('Enter');
    await reach(row('Bake a cake'));
    await keyboard.press('Alt+ArrowUp');
    await page.getByText('Bake a cake is now 1 of 3').waitFor();
    await page.getByRole('main').getByRole('checkbox', {name: /^Done/}).first().and(row('Bake a cake')).waitFor();
    await browser.look(page, 'lists');
    await open('Agenda');
    // What was planned is found.
    await reach(page.getByRole('navigation').getByRole('link', {name: 'Search'}));
    await keyboard.press('Enter');
    await page.getByRole('heading', {name: 'Search', level: 1}).waitFor();
    await reach(page.getByLabel('Words'));
    await keyboard.type('CAKE bake');
    await keyboard.press('Enter');
    const found = page.getByRole('list', {name: 'Results'}).getByRole('button', {name: 'Bake a cake'});
    await found.locator('mark').filter({hasText: 'cake'}).waitFor();
    await browser.look(page, 'search');
    await reach(found);
    await keyboard.press('Enter');
    await page.getByRole('dialog').getByLabel('Title', {exact: true}).waitFor();
    await keyboard.press('Escape');
  });

  await browser.step('dialogs', async () => {
    await button('Developer panel', {exact: true}).click();
    await clearRequests();
    const look = async (opener, title) => {
      await opener.click();
      await page.getByRole('dialog', {name: title}).waitFor();
      await page.locator('dialog [aria-busy="true"]').waitFor({state: 'detached'});
      await browser.look(page, name(title));
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({state: 'detached'});
    };
    await open('Today');
    await look(button(/^Achievements/), 'Achievements');
    await look(button('Repeating', {exact: true}), 'Repeating tasks');
    await look(button('Deleted', {exact: true}), 'Deleted');
    await open('Lists');
    await button(/^Home \d/).click();
    await look(button('Delete list'), 'Delete the list “Home”?');
    await open('Pro & credits');
    await look(button('Buy credits'), 'Buy credits');
    await look(button('Cancel Pro'), 'Cancel Pro?');
    await page.getByRole('tab', {name: 'Controls'}).click();
    await browser.look(page, 'controls');
    await page.getByRole('tab', {name: 'Requests'}).click();
    await page.goto(`${url}#/profile`);
    await heading('Profile').waitFor();
    await browser.look(page, 'profile');
  });

  await browser.step('dark, and narrow', async () => {
    for (const screen of ['Today', 'Agenda', 'Lists', 'Filters', 'Search', 'Notes', 'Assistant', 'Pro & credits', 'Activity', 'System']) {
      await open(screen);
      await page.locator('#main [aria-busy="true"]').waitFor({state: 'detached'});
      await clearRequests();
      await page.emulateMedia({colorScheme: 'dark'});
      await browser.look(page, `${name(screen)}-dark`);
      await page.emulateMedia({colorScheme: 'light'});
      await page.setViewportSize(NARROW);
      await browser.look(page, `${name(screen)}-narrow`);
      await page.setViewportSize(WIDE);
    }
  });
}

/** Fails if the work takes longer than so many milliseconds. */
async function within(milliseconds, work) {
  const begun = performance.now();
  await work();
  const taken = performance.now() - begun;
  if (taken > milliseconds) {
    throw new Error(`this took ${Math.round(taken)} ms instead of ${milliseconds}`);
  }
}

/** Signs the person in on another device, and returns what sends its requests and edits tasks. */
async function device(deviceName) {
  const {access_token: token} = await control('/session',
      {email: person, device: {id: crypto.randomUUID(), name: deviceName}});
  const send = async (method, path, body = {}) => {
    const response = await fetch(`${service}/api/v1${path}`, {
      method,
      headers: {
        'Authorization': `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Idempotency-Key': crypto.randomUUID(),
      },
      body: ['GET', 'DELETE'].includes(method) ? undefined : JSON.stringify(body),
    });
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    }
    return response.json();
  };
  const edit = async (id, change) => {
    const {data: {version}} = await send('GET', `/tasks/${id}`);
    return send('PATCH', `/tasks/${id}`, {...change, version});
  };
  return {send, edit};
}

/** "pro" for "Pro & credits". */
function name(screen) {
  return screen.split(' ')[0].toLowerCase();
}

/** Makes the page keep the code with which its next WebSocket is closed, as it sees it. */
function observeClose(page) {
  return page.evaluate(() => {
    const Original = WebSocket;
    window.closeCode = new Promise(resolve => {
      window.WebSocket = class extends Original {
        constructor(...parameters) {
          super(...parameters);
          window.WebSocket = Original;
          this.addEventListener('close', ({code}) => resolve(code));
        }
      };
    });
  });
}

/** Date and time of the service in so many hours, as a field for it takes them; the person is in UTC. */
async function inHours(hours) {
  const {now} = await fetch(new URL('/clock', url)).then(response => response.json());
  return new Date(Date.parse(now) + hours * 3_600_000).toISOString().slice(0, 16);
}

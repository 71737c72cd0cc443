// Uses the documentation page as a person does. The arguments are the path of Chromium and the URL of the page. Prints
// one JSON object with what it saw.
import {chromium} from 'playwright-core';

const [, , executablePath, url] = process.argv;
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
});
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
const problems = [];
page.on('console', (message) => {
  if (['error', 'warning'].includes(message.type())) problems.push(message.text());
});
page.on('pageerror', (error) => problems.push(String(error)));
page.on('requestfailed', (request) => problems.push(`${request.url()} failed`));
page.on('response', (response) => {
  if (response.status() >= 400) problems.push(`${response.url()}: ${response.status()}`);
});

const operation = (id) => page.locator(`.opblock[id$="-${id}"]`);
const load = async (load) => {
  await load;
  await operation('createTask').waitFor();
};
await load(page.goto(url));

const landmarks = await page.evaluate(() => ({
  title: document.title,
  lang: document.documentElement.lang,
  unlabelled: [...document.querySelectorAll('#token button, #token input, .filter input')]
    .filter((control) => !control.textContent && !control.labels?.length)
    .map((control) => control.outerHTML),
}));

// Opens an operation, and reads what its form is filled with.
const filled = [];
const tryOut = async (id) => {
  const block = operation(id);
  await block.locator('.opblock-summary-control').click();
  await block.locator('.try-out__btn').click();
  await block.locator('.execute').waitFor();
  const controls = await block.locator('.parameters input, .parameters select').evaluateAll((controls) =>
    controls.map((control) => [control.placeholder, control.type === 'checkbox' ? control.checked : control.value]));
  if (controls.length === 0) throw new Error(`${id} has no parameters`);
  filled.push(...controls.filter(([, value]) => value).map(([name, value]) => `${id} ${name}: ${value}`));
  return block;
};

const schemes = async () => {
  await page.locator('.auth-wrapper .authorize').click();
  const dialog = page.locator('.dialog-ux');
  await dialog.locator('.auth-container').first().waitFor();
  const names = await dialog.locator('.auth-container h4 code').allTextContents();
  const authorized = (await dialog.locator('button', {hasText: 'Logout'}).count()) > 0;
  await dialog.getByRole('button', {name: 'Close', exact: true}).first().click();
  return {names, authorized};
};
const before = await schemes();
await page.getByRole('button', {name: 'Get a token'}).click();
await page.getByText('Authorized as a new user.').waitFor();
await load(page.reload());
const after = await schemes();

await page.getByLabel('Filter operations').fill('patch /reminders dormant');
await operation('createTask').waitFor({state: 'detached'});
const filtered = await page.locator('.opblock').evaluateAll((blocks) => blocks.map((block) => block.id));
await page.getByLabel('Filter operations').fill('');

await tryOut('updateTask');
const create = await tryOut('createTask');
const created = [];
for (let i = 0; i < 2; i++) {
  const [response] = await Promise.all([
    page.waitForResponse((one) => one.request().method() === 'POST' && one.url().endsWith('/api/v1/tasks')),
    create.locator('.execute').click(),
  ]);
  created.push((await response.json()).data?.id);
}
const list = await tryOut('listTasks');
const [listed] = await Promise.all([
  page.waitForResponse((one) => one.url().includes('/api/v1/tasks') && one.request().method() === 'GET'),
  list.locator('.execute').click(),
]);
const {pagination} = await listed.json();

await browser.close();
console.log(JSON.stringify({problems, ...landmarks, filled, before, after, filtered, created, total: pagination?.total}));

// Lists and calls every tool, and reads every resource, with both official clients. They validate
// answers against the protocol, and structured content against the output schemas of the tools.
// Usage: node clients.mjs URL TOKEN; prints the names of the tools that each client has called.
import {Client as Modern, StreamableHTTPClientTransport as ModernTransport} from '@modelcontextprotocol/client';
import {Client as Legacy} from '@modelcontextprotocol/sdk/client/index.js';
import {StreamableHTTPClientTransport as LegacyTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, token] = process.argv.slice(2);
const info = {name: 'proof', version: '1'};
const transport = {requestInit: {headers: {Authorization: `Bearer ${token}`}}};

const clients = {
  '2026-07-28': [
    new Modern(info, {versionNegotiation: {mode: {pin: '2026-07-28'}}}),
    new ModernTransport(new URL(url), transport),
  ],
  auto: [
    new Modern(info, {versionNegotiation: {mode: 'auto'}}),
    new ModernTransport(new URL(url), transport),
  ],
  '2025-11-25': [new Legacy(info), new LegacyTransport(new URL(url), transport)],
};

/** Calls every tool; the answers of some are the arguments of others. */
async function story(client, era) {
  const called = [];
  const call = async (name, args = {}) => {
    const result = await client.callTool({name, arguments: args});
    if (result.isError) {
      throw new Error(`${era} ${name}: ${result.content[0].text}`);
    }
    called.push(name);
    return result.structuredContent;
  };
  const soon = new Date(Date.parse((await call('account')).now) + 7_200_000).toISOString();
  const {task} = await call('add_task', {title: `Trip ${era}`, due_date: soon});
  await call('list_tasks', {due_before: soon});
  await call('search', {query: 'trip'});
  await call('get_task', {task_id: task.id});
  await call('update_task', {task_id: task.id, description: 'By train'});
  await call('reschedule', {task_id: task.id, due_date: soon.replace('T', 't')});
  await call('break_down', {task_id: task.id, subtasks: ['Tickets']});
  await call('add_reminder', {task_id: task.id, minutes_before: 10});
  await call('list_reminders');
  const stretch = await call('quick_add', {text: 'Stretch every day'});
  await call('skip_task', {task_id: stretch.task.id});
  const {note} = await call('add_note', {content: `Idea ${era}`});
  await call('convert_note', {note_id: note.id, title: 'Idea'});
  await call('agenda');
  const done = await call('complete_task', {task_id: task.id});
  await call('undo', {undo_id: done.undo_id});

  const wrong = await client.callTool({name: 'add_task', arguments: {title: ''}});
  if (!wrong.isError) {
    throw new Error(`${era}: a task without a title was added`);
  }
  await client.listResourceTemplates();
  for (const uri of [
    (await client.listResources()).resources[0].uri,
    `perpetua://tasks/${task.id}`,
    `perpetua://notes/${note.id}`,
  ]) {
    JSON.parse((await client.readResource({uri})).contents[0].text);
  }
  return called;
}

for (const [era, [client, transportOfEra]] of Object.entries(clients)) {
  await client.connect(transportOfEra);
  const {tools} = await client.listTools();
  const called = new Set(await story(client, era));
  const missing = tools.filter(({name}) => !called.has(name));
  if (missing.length > 0) {
    throw new Error(`${era}: not called: ${missing.map(({name}) => name)}`);
  }
  console.log(`${era} ${client.getServerVersion()?.name} ${[...called].sort().join(' ')}`);
  await client.close();
}

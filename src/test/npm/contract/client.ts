// A client program as others write it, on the generated types: BASE and TOKEN are its arguments.
import createClient from 'openapi-fetch';
import type {components, paths} from './generated/openapi';
import type {ChatMessage, Task, TaskPatch, TemplatePatch} from './generated/client';

declare const process: {argv: string[]};
const [, , base = '', token = ''] = process.argv;
const api = createClient<paths>({baseUrl: base, headers: {Authorization: `Bearer ${token}`}});

function key(value: string) {
  return {'Idempotency-Key': value};
}

/** The error of the contract's envelope, as an exception. */
function failure(error: components['schemas']['ApiError']) {
  return new Error(`${error.error.code}: ${error.error.message}`);
}

// Fields that have a default may be left out of requests, by the types of both generators.
const questions: [components['schemas']['ChatMessage'], ChatMessage] = [
  {message: 'What is next?', context: {task_id: null}},
  {message: 'What is next?', context: {task_limit: 5}},
];
const pauses: [components['schemas']['TemplatePatch'], TemplatePatch] = [{active: false}, {active: false}];

const created = await api.POST('/api/v1/tasks', {
  params: {header: key('019ba722-4680-7c3e-9a51-2f6d8b0c4e17')},
  body: {title: 'Water the plants', priority: 'high', estimated_duration: 30},
});
if (created.error) {
  throw failure(created.error);
}
const task: components['schemas']['Task'] = created.data.data;

const patch: TaskPatch = {version: task.version, due_date: null, completed: true};
const changed = await api.PATCH('/api/v1/tasks/{id}', {
  params: {path: {id: task.id}, header: key('019ba722-4681-7c3e-9a51-2f6d8b0c4e17')},
  body: patch,
});
if (changed.error) {
  throw failure(changed.error);
}
const completed: Task = changed.data.data;

const page = await api.GET('/api/v1/tasks', {params: {query: {completed: true, limit: 5}}});
if (page.error) {
  throw failure(page.error);
}
const titles: string[] = page.data.data.map((each) => each.title);

const missing = await api.GET('/api/v1/tasks/{id}', {params: {path: {id: '019ba722-4682-7c3e-9a51-2f6d8b0c4e17'}}});
console.log(
  JSON.stringify({
    titles,
    completedBy: completed.completed_by,
    total: page.data.pagination.total,
    missing: missing.error?.error.code,
  }),
);

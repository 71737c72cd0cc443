import {isTemporary} from '../api/commands.js';
import {Subtasks} from './today-subtasks.js';

/** @typedef {import('../api/schemas.js').Task} Task */
/** @typedef {import('../api/client.js').ApiClient} ApiClient */
/** @typedef {import('../sdk/index.js').operations['listTasks']['parameters']['query']} TaskQuery */

/** Most items that the service returns at once. */
const LARGEST_PAGE = 100;

/** A list of tasks, as long as the person has asked for. */
export class TaskList {
  /** @type {Task[]} */
  tasks = [];
  total = 0;
  #query;
  #step;
  #wanted;

  /** @param {TaskQuery} query @param {number} step how many are shown first, and more each time */
  constructor(query, step) {
    this.#query = query;
    this.#step = step;
    this.#wanted = step;
  }

  get hasMore() {
    return this.total > this.tasks.length;
  }

  /** Makes the list longer when it is loaded next. */
  showMore() {
    this.#wanted += this.#step;
  }

  /** @param {ApiClient} api */
  async load(api) {
    /** @type {Map<string, Task>} */
    const found = new Map();
    let total = 0;
    for (let offset = 0; offset < this.#wanted && offset <= total; offset += LARGEST_PAGE) {
      const limit = Math.min(LARGEST_PAGE, this.#wanted - offset);
      const {data, pagination} = await api.get('/api/v1/tasks', {query: {...this.#query, offset, limit}});
      // A task may move to the next page between two requests.
      data.forEach(task => found.set(task.id, task));
      total = pagination.total ?? 0;
      if (!pagination.has_more) {
        break;
      }
    }
    this.tasks = [...found.values()];
    this.total = total;
  }
}

/** The tasks whose subtasks are shown. */
export class Expanded {
  #view;
  /** By the id of the task. @type {Map<string, Subtasks>} */
  #shown = new Map();

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  /** @param {Task} task */
  async toggle(task) {
    if (!this.#shown.delete(task.id)) {
      this.#shown.set(task.id, new Subtasks(this.#view));
      this.#view.update();
      await this.#view.act(() => this.load([task]));
    }
    this.#view.update();
  }

  /** What was shown under temporary names has ids now. @param {Record<string, string>} ids */
  rename(ids) {
    for (const [name, id] of Object.entries(ids)) {
      const subtasks = this.#shown.get(name);
      if (subtasks?.task) {
        this.#shown.delete(name);
        this.#shown.set(id, subtasks);
        // No version of the service, so that it is loaded.
        subtasks.task = {...subtasks.task, id, version: 0};
      }
    }
  }

  /** Template of the subtasks; undefined if they are not shown. @param {Task} task */
  templateOf({id}) {
    return this.#shown.get(id)?.template();
  }

  /** Loads what has changed: each change of a subtask makes a new version of its task. @param {Task[]} tasks */
  async load(tasks) {
    const {api} = this.#view.app;
    const changed = tasks.filter(({id, version}) => {
      const subtasks = this.#shown.get(id);
      return subtasks && subtasks.task?.version !== version;
    });
    await Promise.all(changed.map(async task => {
      const {id} = task;
      const data = isTemporary(id) ? {...task, subtasks: [], reminders: []}
        : (await api.get('/api/v1/tasks/{id}', {path: {id}})).data;
      const subtasks = this.#shown.get(id);
      if (subtasks) {
        subtasks.task = data;
      }
    }));
  }
}

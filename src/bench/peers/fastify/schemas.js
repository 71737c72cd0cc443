// JSON schemas, from which Fastify compiles validators and serializers.
const text = { type: 'string' }
const textOrNull = { type: 'string', nullable: true }
const integer = { type: 'integer' }
const integerOrNull = { type: 'integer', nullable: true }
const flag = { type: 'boolean' }
const time = { type: 'string', format: 'date-time' }
const timeOrNull = { type: 'string', format: 'date-time', nullable: true }

const task = {
  id: text,
  user_id: text,
  title: text,
  description: text,
  priority: text,
  due_date: timeOrNull,
  estimated_duration: integerOrNull,
  focus_time_seconds: integer,
  completed: flag,
  completed_at: timeOrNull,
  completed_by: textOrNull,
  hidden: flag,
  archived: flag,
  template_id: textOrNull,
  subtask_count: integer,
  subtask_completed_count: integer,
  version: integer,
  created_at: time,
  updated_at: time
}

const subtask = {
  id: text,
  title: text,
  completed: flag,
  completed_at: timeOrNull,
  order_index: integer,
  source: text
}

const reminder = {
  id: text,
  type: text,
  offset_minutes: integerOrNull,
  scheduled_at: time,
  method: text,
  fired: flag
}

const newFields = {
  title: { type: 'string', minLength: 1, maxLength: 200, pattern: '\\S' },
  description: { type: 'string', maxLength: 2000, nullable: true },
  priority: { enum: ['low', 'medium', 'high'] },
  due_date: timeOrNull,
  estimated_duration: { type: 'integer', minimum: 1, maximum: 720, nullable: true }
}

/** The fields that a PATCH changes, which are columns of the same names. */
export const changeFields = { ...newFields, completed: flag, hidden: flag, archived: flag }

const object = (properties, required = []) => ({ type: 'object', properties, required })
const list = items => ({ type: 'array', items })
const taskId = object({ id: { type: 'string', format: 'uuid' } })

export const listSchema = {
  querystring: object({
    offset: { type: 'integer', minimum: 0, default: 0 },
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 25 }
  }),
  response: {
    200: object({
      data: list(object(task)),
      pagination: object({ offset: integer, limit: integer, total: integer, has_more: flag })
    })
  }
}

export const getSchema = {
  params: taskId,
  response: {
    200: object({
      data: object({ ...task, subtasks: list(object(subtask)), reminders: list(object(reminder)) })
    })
  }
}

export const createSchema = { body: object(newFields, ['title']) }

export const changeSchema = {
  params: taskId,
  body: object({ ...changeFields, version: { type: 'integer', minimum: 1 } }, ['version']),
  response: { 200: object({ data: object(task) }) }
}

// The tasks' four operations on Fastify and pg, for ./bench --only peers. Written for speed with
// ordinary means: hand-written SQL, named (prepared) statements, schemas that compile validation and
// serialization. It has no rate limits, activity entries or access log, and stores the answers of
// POST alone under their keys.
//
// Environment: PORT, WORKERS, DSN, POOL (connections of each worker), JWT_PUBLIC_KEY_PATH.
import cluster from 'node:cluster'
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createVerifier } from 'fast-jwt'
import Fastify from 'fastify'
import pg from 'pg'
import { changeFields, changeSchema, createSchema, getSchema, listSchema } from './schemas.js'

const TASK_LIMIT = { free: 50, pro: 200 }
const DESCRIPTION_LIMIT = { free: 1000, pro: 2000 }
const MAX_DUE_MILLIS = 30 * 24 * 3600 * 1000

const LIST = `
  SELECT t.*, s.subtasks::int, s.completed_subtasks::int
  FROM (SELECT * FROM task_instances WHERE user_id = $1 AND NOT hidden
        ORDER BY created_at DESC OFFSET $2 LIMIT $3) t
  LEFT JOIN LATERAL (
    SELECT count(*) subtasks, count(*) FILTER (WHERE completed) completed_subtasks
    FROM subtasks WHERE task_id = t.id) s ON true
  ORDER BY t.created_at DESC`

/** Names of the prepared updates, one for each set of changed columns. */
const updates = new Map()

class Refusal extends Error {
  constructor (status, code, message, more) {
    super(message)
    Object.assign(this, { statusCode: status, errorCode: code, more })
  }
}

async function serve () {
  const verify = createVerifier({
    key: readFileSync(process.env.JWT_PUBLIC_KEY_PATH, 'utf8'),
    algorithms: ['RS256'],
    allowedIss: 'perpetua-flow',
    allowedAud: 'perpetua-flow-api',
    cache: false
  })
  const size = Number(process.env.POOL)
  const pool = new pg.Pool({ connectionString: process.env.DSN, max: size, min: size })
  const app = Fastify({ logger: false, genReqId: () => randomUUID() })

  app.setErrorHandler((error, request, reply) => {
    if (error.validation) {
      return reply.code(400).send({
        error: {
          code: 'VALIDATION_ERROR',
          message: 'Request validation failed',
          request_id: request.id,
          details: error.validation.map(violation => ({
            field: violation.instancePath.slice(1) || violation.params?.missingProperty || '',
            message: violation.message
          }))
        }
      })
    }
    reply.code(error.statusCode || 500).send({
      error: {
        code: error.errorCode || 'INTERNAL_ERROR',
        message: error.errorCode ? error.message : 'An unexpected error occurred',
        request_id: request.id,
        ...error.more
      }
    })
  })

  app.decorateRequest('userId', null)
  app.addHook('onRequest', async request => {
    if (request.url === '/health/live') return
    const header = request.headers.authorization
    if (!header || !header.startsWith('Bearer ')) {
      throw new Refusal(401, 'UNAUTHORIZED', 'Authentication required')
    }
    try {
      request.userId = verify(header.slice(7)).sub
    } catch (error) {
      if (error.code === 'FAST_JWT_EXPIRED') {
        throw new Refusal(401, 'TOKEN_EXPIRED', 'Access token expired', { refresh_required: true })
      }
      throw new Refusal(401, 'UNAUTHORIZED', 'Invalid authentication token')
    }
  })
  app.addHook('onSend', async (request, reply) => { reply.header('X-Request-ID', request.id) })

  async function connected (work) {
    const connection = await pool.connect()
    try {
      return await work(connection)
    } finally {
      connection.release()
    }
  }

  function inTransaction (work) {
    return connected(async connection => {
      await connection.query('BEGIN')
      try {
        const result = await work(connection)
        await connection.query('COMMIT')
        return result
      } catch (error) {
        await connection.query('ROLLBACK')
        throw error
      }
    })
  }

  app.get('/api/v1/tasks', { schema: listSchema }, request => connected(async connection => {
    const { offset, limit } = request.query
    await tierOf(connection, request.userId)
    const total = await count(connection, request.userId)
    const { rows } = await run(connection, 'list', LIST, [request.userId, offset, limit])
    return {
      data: rows.map(row => taskJson(row, row.subtasks, row.completed_subtasks)),
      pagination: { offset, limit, total, has_more: offset + limit < total }
    }
  }))

  app.get('/api/v1/tasks/:id', { schema: getSchema }, request => connected(async connection => {
    await tierOf(connection, request.userId)
    const [task] = (await run(connection, 'get',
      'SELECT * FROM task_instances WHERE id = $1 AND user_id = $2 AND NOT hidden',
      [request.params.id, request.userId])).rows
    if (!task) throw new Refusal(404, 'NOT_FOUND', 'Task not found')
    const subtasks = (await run(connection, 'subtasks',
      'SELECT id, title, completed, completed_at, order_index, source FROM subtasks' +
      ' WHERE task_id = $1 ORDER BY order_index', [task.id])).rows
    const reminders = (await run(connection, 'reminders',
      'SELECT id, type, offset_minutes, scheduled_at, method, fired FROM reminders' +
      ' WHERE task_id = $1 ORDER BY scheduled_at', [task.id])).rows
    const completed = subtasks.filter(subtask => subtask.completed).length
    return { data: { ...taskJson(task, subtasks.length, completed), subtasks, reminders } }
  }))

  app.post('/api/v1/tasks', { schema: createSchema }, async (request, reply) => {
    const task = request.body
    const key = request.headers['idempotency-key']
    if (task.due_date && Date.parse(task.due_date) > Date.now() + MAX_DUE_MILLIS) {
      throw new Refusal(400, 'VALIDATION_ERROR', 'Due date cannot exceed 30 days from creation')
    }
    const [status, body] = await inTransaction(async connection => {
      const tier = await tierOf(connection, request.userId)
      if (key) {
        const replayed = await beginIdempotent(connection, request.userId, key, task)
        if (replayed) {
          reply.header('X-Idempotent-Replayed', 'true')
          return [replayed.response_status, replayed.response_body]
        }
      }
      if ((task.description || '').length > DESCRIPTION_LIMIT[tier]) {
        throw new Refusal(400, 'VALIDATION_ERROR', 'Description too long for tier')
      }
      if (await count(connection, request.userId) >= TASK_LIMIT[tier]) {
        throw new Refusal(409, 'LIMIT_EXCEEDED', 'Task limit exceeded for your tier')
      }
      const inserted = await run(connection, 'insert',
        'INSERT INTO task_instances' +
        ' (id, user_id, title, description, priority, due_date, estimated_duration)' +
        ' VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *',
        [randomUUID(), request.userId, task.title.trim(), task.description || '',
          task.priority || 'medium', task.due_date || null, task.estimated_duration ?? null])
      const text = JSON.stringify({ data: taskJson(inserted.rows[0]) })
      if (key) {
        await run(connection, 'store answer',
          'UPDATE idempotency_keys SET response_status = 201, response_body = $3' +
          ' WHERE user_id = $1 AND key = $2', [request.userId, key, text])
      }
      return [201, text]
    })
    return reply.code(status).type('application/json').send(body)
  })

  app.patch('/api/v1/tasks/:id', { schema: changeSchema }, request => {
    const { version, ...changes } = request.body
    const columns = []
    const values = [request.params.id, request.userId, version]
    for (const [name, value] of Object.entries(changes)) {
      if (!(name in changeFields)) continue
      values.push(value === null && name === 'description' ? '' : value)
      columns.push(`${name} = $${values.length}, `)
      if (name === 'completed') {
        columns.push(value
          ? 'completed_at = CASE WHEN completed THEN completed_at ELSE now() END,' +
            " completed_by = CASE WHEN completed THEN completed_by ELSE 'manual' END, "
          : 'completed_at = NULL, completed_by = NULL, ')
      }
    }
    const set = columns.join('')
    return inTransaction(async connection => {
      await tierOf(connection, request.userId)
      const [task] = (await run(connection, updateName(set),
        `UPDATE task_instances SET ${set}version = version + 1, updated_at = now()` +
        ' WHERE id = $1 AND user_id = $2 AND version = $3 RETURNING *', values)).rows
      if (!task) {
        const found = await run(connection, 'exists',
          'SELECT 1 FROM task_instances WHERE id = $1 AND user_id = $2',
          [request.params.id, request.userId])
        throw found.rowCount
          ? new Refusal(409, 'CONFLICT', 'Version conflict. Refresh and retry.')
          : new Refusal(404, 'NOT_FOUND', 'Task not found')
      }
      const [counts] = (await run(connection, 'count subtasks',
        'SELECT count(*)::int subtasks, (count(*) FILTER (WHERE completed))::int completed' +
        ' FROM subtasks WHERE task_id = $1', [task.id])).rows
      return { data: taskJson(task, counts.subtasks, counts.completed) }
    })
  })

  app.get('/health/live', async () => ({ status: 'ok' }))
  await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
}

function run (connection, name, text, values) {
  return connection.query({ name, text, values })
}

async function tierOf (connection, userId) {
  const { rows } = await run(connection, 'tier', 'SELECT tier FROM users WHERE id = $1', [userId])
  if (!rows[0]) throw new Refusal(401, 'UNAUTHORIZED', 'User not found')
  return rows[0].tier
}

async function count (connection, userId) {
  const { rows } = await run(connection, 'count',
    'SELECT count(*) FROM task_instances WHERE user_id = $1 AND NOT hidden', [userId])
  return Number(rows[0].count)
}

/** Stores the key; returns the stored answer if the key is known. */
async function beginIdempotent (connection, userId, key, body) {
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex')
  const stored = await run(connection, 'store key',
    'INSERT INTO idempotency_keys (user_id, key, method, path, request_hash, expires_at)' +
    " VALUES ($1, $2, 'POST', '/api/v1/tasks', $3, now() + interval '24 hours')" +
    ' ON CONFLICT DO NOTHING RETURNING 1', [userId, key, hash])
  if (stored.rowCount) return null
  const [before] = (await run(connection, 'find key',
    'SELECT request_hash, response_status, response_body FROM idempotency_keys' +
    ' WHERE user_id = $1 AND key = $2', [userId, key])).rows
  if (before.request_hash !== hash) {
    throw new Refusal(409, 'IDEMPOTENCY_CONFLICT',
      'Idempotency key already used with different request')
  }
  return before
}

function updateName (set) {
  if (!updates.has(set)) updates.set(set, 'update ' + updates.size)
  return updates.get(set)
}

function taskJson (row, subtasks = 0, completed = 0) {
  return {
    id: row.id,
    user_id: row.user_id,
    title: row.title,
    description: row.description,
    priority: row.priority,
    due_date: row.due_date,
    estimated_duration: row.estimated_duration,
    focus_time_seconds: row.focus_time_seconds,
    completed: row.completed,
    completed_at: row.completed_at,
    completed_by: row.completed_by,
    hidden: row.hidden,
    archived: row.archived,
    template_id: row.template_id,
    subtask_count: subtasks,
    subtask_completed_count: completed,
    version: row.version,
    created_at: row.created_at,
    updated_at: row.updated_at
  }
}

const workers = Number(process.env.WORKERS)
if (workers > 1 && cluster.isPrimary) {
  for (let i = 0; i < workers; i++) cluster.fork()
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.kill()
    process.exit(0)
  })
} else {
  await serve()
}

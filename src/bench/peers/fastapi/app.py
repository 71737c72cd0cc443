"""The tasks' four operations on FastAPI and asyncpg, for ./bench --only peers.

Written for speed with ordinary means: hand-written SQL, prepared statements (asyncpg keeps them),
ujson, asynchronous dependencies, no middleware. It has no rate limits, activity entries or access
log, and stores the answers of POST alone under their keys.

Environment: DSN, POOL (connections of each worker), JWT_PUBLIC_KEY_PATH.
"""

import hashlib
import os
import uuid
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Optional

import asyncpg
import jwt
import ujson
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

TASK_LIMIT = {"free": 50, "pro": 200}
DESCRIPTION_LIMIT = {"free": 1000, "pro": 2000}

with open(os.environ["JWT_PUBLIC_KEY_PATH"], "rb") as file:
    PUBLIC_KEY = load_pem_public_key(file.read())

pool: asyncpg.Pool


app = FastAPI(openapi_url=None)


@app.on_event("startup")
async def open_pool():
    global pool
    size = int(os.environ["POOL"])
    pool = await asyncpg.create_pool(
        os.environ["DSN"], min_size=size, max_size=size, server_settings={"jit": "off"}
    )


class Refusal(Exception):
    def __init__(self, status, code, message, **more):
        self.status = status
        self.error = {"code": code, "message": message, **more}


def answer(status, value):
    return Response(ujson.dumps(value), status, None, "application/json")


@app.exception_handler(Refusal)
async def refused(_, refusal):
    error = {**refusal.error, "request_id": str(uuid.uuid4())}
    return answer(refusal.status, {"error": error})


@app.exception_handler(RequestValidationError)
async def invalid(_, failure):
    details = [
        {"field": ".".join(map(str, error["loc"])), "message": error["msg"]}
        for error in failure.errors()
    ]
    error = {
        "code": "VALIDATION_ERROR",
        "message": "Request validation failed",
        "request_id": str(uuid.uuid4()),
        "details": details,
    }
    return answer(400, {"error": error})


class Priority(str, Enum):
    low = "low"
    medium = "medium"
    high = "high"


class NewTask(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    description: Optional[str] = Field("", max_length=2000)
    priority: Priority = Priority.medium
    due_date: Optional[datetime] = None
    estimated_duration: Optional[int] = Field(None, ge=1, le=720)


class ChangedTask(BaseModel):
    title: Optional[str] = Field(None, min_length=1, max_length=200)
    description: Optional[str] = Field(None, max_length=2000)
    priority: Optional[Priority] = None
    due_date: Optional[datetime] = None
    estimated_duration: Optional[int] = Field(None, ge=1, le=720)
    completed: Optional[bool] = None
    hidden: Optional[bool] = None
    archived: Optional[bool] = None
    version: int = Field(ge=1)


async def user_id(authorization: Optional[str] = Header(None)) -> uuid.UUID:
    if not authorization or not authorization.startswith("Bearer "):
        raise Refusal(401, "UNAUTHORIZED", "Authentication required")
    try:
        claims = jwt.decode(
            authorization[7:],
            PUBLIC_KEY,
            algorithms=["RS256"],
            issuer="perpetua-flow",
            audience="perpetua-flow-api",
        )
        return uuid.UUID(claims["sub"])
    except jwt.ExpiredSignatureError:
        raise Refusal(401, "TOKEN_EXPIRED", "Access token expired", refresh_required=True)
    except (jwt.InvalidTokenError, KeyError, ValueError):
        raise Refusal(401, "UNAUTHORIZED", "Invalid authentication token")


def instant(value):
    if value is None:
        return None
    return value.astimezone(timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"


def task_json(row, subtasks=0, completed_subtasks=0):
    return {
        "id": str(row["id"]),
        "user_id": str(row["user_id"]),
        "title": row["title"],
        "description": row["description"],
        "priority": row["priority"],
        "due_date": instant(row["due_date"]),
        "estimated_duration": row["estimated_duration"],
        "focus_time_seconds": row["focus_time_seconds"],
        "completed": row["completed"],
        "completed_at": instant(row["completed_at"]),
        "completed_by": row["completed_by"],
        "hidden": row["hidden"],
        "archived": row["archived"],
        "template_id": str(row["template_id"]) if row["template_id"] else None,
        "subtask_count": subtasks,
        "subtask_completed_count": completed_subtasks,
        "version": row["version"],
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def subtask_json(row):
    return {
        "id": str(row["id"]),
        "title": row["title"],
        "completed": row["completed"],
        "completed_at": instant(row["completed_at"]),
        "order_index": row["order_index"],
        "source": row["source"],
    }


def reminder_json(row):
    return {
        "id": str(row["id"]),
        "type": row["type"],
        "offset_minutes": row["offset_minutes"],
        "scheduled_at": instant(row["scheduled_at"]),
        "method": row["method"],
        "fired": row["fired"],
    }


async def tier_of(connection, user):
    tier = await connection.fetchval("SELECT tier FROM users WHERE id = $1", user)
    if tier is None:
        raise Refusal(401, "UNAUTHORIZED", "User not found")
    return tier


COUNT = "SELECT count(*) FROM task_instances WHERE user_id = $1 AND NOT hidden"

LIST = """
SELECT t.*, s.subtasks, s.completed_subtasks
FROM (SELECT * FROM task_instances WHERE user_id = $1 AND NOT hidden
      ORDER BY created_at DESC OFFSET $2 LIMIT $3) t
LEFT JOIN LATERAL (
  SELECT count(*) subtasks, count(*) FILTER (WHERE completed) completed_subtasks
  FROM subtasks WHERE task_id = t.id) s ON true
ORDER BY t.created_at DESC
"""


@app.get("/api/v1/tasks")
async def list_tasks(
    user=Depends(user_id),
    offset: int = Query(0, ge=0),
    limit: int = Query(25, ge=1, le=100),
):
    async with pool.acquire() as connection:
        await tier_of(connection, user)
        total = await connection.fetchval(COUNT, user)
        rows = await connection.fetch(LIST, user, offset, limit)
    data = [task_json(row, row["subtasks"], row["completed_subtasks"]) for row in rows]
    pagination = {
        "offset": offset,
        "limit": limit,
        "total": total,
        "has_more": offset + limit < total,
    }
    return answer(200, {"data": data, "pagination": pagination})


@app.get("/api/v1/tasks/{task_id}")
async def get_task(task_id: uuid.UUID, user=Depends(user_id)):
    async with pool.acquire() as connection:
        await tier_of(connection, user)
        row = await connection.fetchrow(
            "SELECT * FROM task_instances WHERE id = $1 AND user_id = $2 AND NOT hidden",
            task_id,
            user,
        )
        if row is None:
            raise Refusal(404, "NOT_FOUND", "Task not found")
        subtasks = await connection.fetch(
            "SELECT id, title, completed, completed_at, order_index, source FROM subtasks"
            " WHERE task_id = $1 ORDER BY order_index",
            task_id,
        )
        reminders = await connection.fetch(
            "SELECT id, type, offset_minutes, scheduled_at, method, fired FROM reminders"
            " WHERE task_id = $1 ORDER BY scheduled_at",
            task_id,
        )
    data = task_json(row, len(subtasks), sum(1 for subtask in subtasks if subtask["completed"]))
    data["subtasks"] = [subtask_json(subtask) for subtask in subtasks]
    data["reminders"] = [reminder_json(reminder) for reminder in reminders]
    return answer(200, {"data": data})


@app.post("/api/v1/tasks")
async def create_task(
    body: NewTask,
    request: Request,
    user=Depends(user_id),
    idempotency_key: Optional[str] = Header(None),
):
    title = body.title.strip()
    if not title:
        raise Refusal(400, "VALIDATION_ERROR", "Title cannot be empty or whitespace only")
    due = body.due_date
    if due:
        if due.tzinfo is None:
            due = due.replace(tzinfo=timezone.utc)
        if due > datetime.now(timezone.utc) + timedelta(days=30):
            raise Refusal(400, "VALIDATION_ERROR", "Due date cannot exceed 30 days from creation")
    raw = await request.body()
    async with pool.acquire() as connection, connection.transaction():
        tier = await tier_of(connection, user)
        if idempotency_key:
            replayed = await begin_idempotent(connection, user, idempotency_key, raw)
            if replayed:
                return replayed
        if len(body.description or "") > DESCRIPTION_LIMIT[tier]:
            raise Refusal(400, "VALIDATION_ERROR", "Description too long for tier")
        if await connection.fetchval(COUNT, user) >= TASK_LIMIT[tier]:
            raise Refusal(409, "LIMIT_EXCEEDED", "Task limit exceeded for your tier")
        row = await connection.fetchrow(
            "INSERT INTO task_instances"
            " (id, user_id, title, description, priority, due_date, estimated_duration)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *",
            uuid.uuid4(),
            user,
            title,
            body.description or "",
            body.priority.value,
            due,
            body.estimated_duration,
        )
        text = ujson.dumps({"data": task_json(row)})
        if idempotency_key:
            await connection.execute(
                "UPDATE idempotency_keys SET response_status = 201, response_body = $3"
                " WHERE user_id = $1 AND key = $2",
                user,
                idempotency_key,
                text,
            )
    return Response(text, 201, None, "application/json")


async def begin_idempotent(connection, user, key, raw):
    """Stores the key; returns the stored answer if the key is known."""
    digest = hashlib.sha256(raw).hexdigest()
    stored = await connection.fetchval(
        "INSERT INTO idempotency_keys (user_id, key, method, path, request_hash, expires_at)"
        " VALUES ($1, $2, 'POST', '/api/v1/tasks', $3, now() + interval '24 hours')"
        " ON CONFLICT DO NOTHING RETURNING 1",
        user,
        key,
        digest,
    )
    if stored:
        return None
    before = await connection.fetchrow(
        "SELECT request_hash, response_status, response_body FROM idempotency_keys"
        " WHERE user_id = $1 AND key = $2",
        user,
        key,
    )
    if before["request_hash"] != digest:
        raise Refusal(
            409, "IDEMPOTENCY_CONFLICT", "Idempotency key already used with different request"
        )
    return Response(
        before["response_body"],
        before["response_status"],
        {"X-Idempotent-Replayed": "true"},
        "application/json",
    )


@app.patch("/api/v1/tasks/{task_id}")
async def change_task(task_id: uuid.UUID, body: ChangedTask, user=Depends(user_id)):
    changes = body.dict(exclude_unset=True)
    arguments = [task_id, user, changes.pop("version")]
    columns = []
    for name, value in changes.items():
        if value is None and name not in ("description", "due_date", "estimated_duration"):
            continue
        if name == "description" and value is None:
            value = ""
        arguments.append(value.value if isinstance(value, Enum) else value)
        columns.append(f"{name} = ${len(arguments)}, ")
        if name == "completed" and value:
            columns.append(
                "completed_at = CASE WHEN completed THEN completed_at ELSE now() END,"
                " completed_by = CASE WHEN completed THEN completed_by ELSE 'manual' END, "
            )
        elif name == "completed":
            columns.append("completed_at = NULL, completed_by = NULL, ")
    update = (
        f"UPDATE task_instances SET {''.join(columns)}version = version + 1, updated_at = now()"
        " WHERE id = $1 AND user_id = $2 AND version = $3 RETURNING *"
    )
    async with pool.acquire() as connection, connection.transaction():
        await tier_of(connection, user)
        row = await connection.fetchrow(update, *arguments)
        if row is None:
            if await connection.fetchval(
                "SELECT 1 FROM task_instances WHERE id = $1 AND user_id = $2", task_id, user
            ):
                raise Refusal(409, "CONFLICT", "Version conflict. Refresh and retry.")
            raise Refusal(404, "NOT_FOUND", "Task not found")
        counts = await connection.fetchrow(
            "SELECT count(*) subtasks, count(*) FILTER (WHERE completed) completed_subtasks"
            " FROM subtasks WHERE task_id = $1",
            task_id,
        )
    data = task_json(row, counts["subtasks"], counts["completed_subtasks"])
    return answer(200, {"data": data})


@app.get("/health/live")
async def live():
    return answer(200, {"status": "ok"})

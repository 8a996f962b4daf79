"""The textbook: FastAPI, Pydantic and SQLAlchemy's async ORM, as their tutorials put them together.

Creating a task does what TaskFlow's does: it checks a signed token, reads the account, validates
the body, and writes the task and its event in one transaction. Nobody consumes the events.
"""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.peers.textbook_tables import Outbox, Task, User

PORT, DSN, KEY_FILE, CONNECTIONS = (sys.argv[1:] + [""] * 4)[:4]
PUBLIC_KEY = Path(KEY_FILE).read_text()
engine = create_async_engine(
    DSN.replace("postgresql:", "postgresql+asyncpg:"), pool_size=int(CONNECTIONS), max_overflow=0
)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
bearer = HTTPBearer()


class TaskIn(BaseModel):
    """A task to create."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=10_000)
    priority: Literal["low", "medium", "high", "urgent"] = "medium"
    tags: list[Annotated[str, Field(min_length=1, max_length=50)]] = Field([], max_length=20)
    due_date: AwareDatetime | None = None


class TaskOut(BaseModel):
    """A task as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: UUID
    title: str
    description: str
    status: str
    priority: str
    tags: list[str]
    due_at: AwareDatetime | None = Field(serialization_alias="due_date")
    all_day: bool
    timezone: str
    recurrence: Any
    reminders: Any
    series_id: UUID | None
    occurrence_date: str | None
    version: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    completed_at: AwareDatetime | None


class Actor(BaseModel):
    """Who did it."""

    type: str
    id: str
    name: str


class TaskEvent(BaseModel):
    """What an event says."""

    event_id: UUID
    event_type: str
    task_id: UUID
    user_id: UUID
    actor: Actor
    version: int
    timestamp: AwareDatetime
    correlation_id: str
    task: TaskOut
    changes: dict[str, Any]


class Envelope(BaseModel):
    """A CloudEvent."""

    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    id: str
    source: str
    type: str
    subject: str
    time: AwareDatetime
    partitionkey: str
    data: TaskEvent


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session for one request."""
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


async def get_user(
    session: Session, credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
) -> User:
    """The account that a token speaks for."""
    try:
        claims = jwt.decode(
            credentials.credentials, PUBLIC_KEY, ["EdDSA"], audience="taskflow", issuer="taskflow"
        )
    except jwt.PyJWTError as error:
        raise HTTPException(401, "the token is not valid") from error
    user = await session.get(User, UUID(claims["sub"]))
    if user is None:
        raise HTTPException(401, "there is no such account")
    return user


@app.post("/api/v1/tasks", status_code=201, response_model=TaskOut)
async def create_task(
    data: TaskIn, user: Annotated[User, Depends(get_user)], session: Session, response: Response
) -> Task:
    """Create a task, and the event that tells of it."""
    task = Task(
        user_id=user.id,
        title=data.title,
        description=data.description,
        priority=data.priority,
        tags=data.tags,
        due_at=data.due_date,
        timezone=user.timezone,
    )
    session.add(task)
    await session.flush()
    session.add(_event(task, user))
    await session.commit()
    response.headers["Location"] = f"/api/v1/tasks/{task.id}"
    response.headers["ETag"] = f'"{task.version}"'
    return task


def _event(task: Task, user: User) -> Outbox:
    event_id, key = uuid4(), str(task.id)
    event = TaskEvent(
        event_id=event_id,
        event_type="task.created",
        task_id=task.id,
        user_id=user.id,
        actor=Actor(type="user", id=str(user.id), name=user.name),
        version=task.version,
        timestamp=task.created_at,
        correlation_id=str(uuid4()),
        task=TaskOut.model_validate(task),
        changes={},
    )
    envelope = Envelope(
        id=str(event_id),
        source="/textbook",
        type=event.event_type,
        subject=key,
        time=task.created_at,
        partitionkey=key,
        data=event,
    )
    return Outbox(
        event_id=event_id,
        source="/textbook",
        topic="task-events",
        key=key,
        envelope=envelope.model_dump_json(by_alias=True).encode(),
        created_at=task.created_at,
    )


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(PORT), http="httptools", loop="uvloop", access_log=False, log_level="info"
    )

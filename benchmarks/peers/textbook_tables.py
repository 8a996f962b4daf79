"""The textbook's models. The tables are TaskFlow's own, so that the database does the same work."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What all models share."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's convention
        datetime: DateTime(timezone=True),
        str: Text,
        list[str]: ARRAY(Text),
    }


class User(Base):
    """An account, as far as a token's owner matters."""

    __tablename__ = "users"
    __table_args__ = {"schema": "accounts"}  # noqa: RUF012 - SQLAlchemy's convention

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str]
    role: Mapped[str]


class Task(Base):
    """A task."""

    __tablename__ = "tasks"
    __table_args__ = {"schema": "tasks"}  # noqa: RUF012 - SQLAlchemy's convention

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID]
    title: Mapped[str]
    description: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    priority: Mapped[str]
    tags: Mapped[list[str]]
    due_at: Mapped[datetime | None]
    all_day: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str]
    recurrence: Mapped[object | None] = mapped_column(JSONB(none_as_null=True))
    reminders: Mapped[object] = mapped_column(JSONB, default=list)
    series_id: Mapped[UUID | None]
    occurrence_date: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class Outbox(Base):
    """An event that waits to be published."""

    __tablename__ = "outbox"
    __table_args__ = {"schema": "delivery"}  # noqa: RUF012 - SQLAlchemy's convention

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID]
    source: Mapped[str]
    topic: Mapped[str]
    key: Mapped[str]
    envelope: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

"""`taskflow dead-letters`: the events that a consumer could not handle."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

import msgspec
import typer

from taskflow.base.clock import SystemClock, rfc3339
from taskflow.base.errors import NotFound
from taskflow.base.settings import Settings
from taskflow.cli.command import DataDir, run, say, settings_of, show_rows
from taskflow.db.transaction import Transaction
from taskflow.inbox import dead_letters
from taskflow.inbox.dead_letters import DeadLetter
from taskflow.runner.attach import database_as

app = typer.Typer(help="Events that a consumer could not handle: list, show, replay, discard.")
ROLE: Final = "taskflow_delivery"
MOST: Final = 1_000
SHOWN: Final = 100
Consumer = Annotated[str, typer.Argument(help="The service that could not handle the event.")]
EventId = Annotated[str, typer.Argument(help="The event's id, as `list` shows it.")]
Which = Annotated[str | None, typer.Option("--consumer", help="Only those of this service.")]


@app.command("list")
def list_all(consumer: Which = None, data_dir: DataDir = None) -> None:
    """List dead letters, oldest first, with the reason why each was set aside.

    Examples:
        taskflow dead-letters list

        taskflow dead-letters list --consumer audit-logger
    """
    letters = run(_list(settings_of(data_dir), consumer))
    if not letters:
        say("there are no dead letters")
        return
    rows = [
        (
            letter.consumer,
            letter.event_id,
            letter.topic,
            rfc3339(letter.failed_at),
            "asked" if letter.replay_asked_at else "",
            " ".join(letter.reason.split())[:SHOWN],
        )
        for letter in letters
    ]
    show_rows(("consumer", "event", "topic", "set aside", "replay", "reason"), rows)


@app.command("show")
def show(consumer: Consumer, event_id: EventId, data_dir: DataDir = None) -> None:
    """Show a dead letter whole: the reason, and the event as it came.

    Examples:
        taskflow dead-letters show reminder 0199d5a2-7c1e-7b3a-9f00-3c5d8e1f2a4b
    """
    letter = run(_show(settings_of(data_dir), consumer, event_id))
    say(f"consumer   {letter.consumer}")
    say(f"event      {letter.event_id}")
    say(f"topic      {letter.topic}, key {letter.key}")
    say(f"set aside  {rfc3339(letter.failed_at)}")
    say(f"reason     {letter.reason}\n")
    say(_readable(letter.envelope))


@app.command("replay")
def replay(consumer: Consumer, event_id: EventId, data_dir: DataDir = None) -> None:
    """Have the consumer handle an event again; a running one does so within five seconds.

    What is handled disappears from the list; what fails again stays, with its new reason.

    Examples:
        taskflow dead-letters replay reminder 0199d5a2-7c1e-7b3a-9f00-3c5d8e1f2a4b
    """
    run(_replay(settings_of(data_dir), consumer, event_id))
    say(f"{consumer} will handle {event_id} again")


@app.command("discard")
def discard(
    consumer: Consumer,
    event_id: EventId,
    data_dir: DataDir = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a dead letter for good; its effect on this consumer is lost.

    Examples:
        taskflow dead-letters discard reminder 0199d5a2-7c1e-7b3a-9f00-3c5d8e1f2a4b
    """
    if not yes:
        typer.confirm(f"Forget {event_id} for {consumer}, for good?", abort=True)
    run(_discard(settings_of(data_dir), consumer, event_id))
    say(f"{event_id} is forgotten for {consumer}")


@asynccontextmanager
async def _transaction(settings: Settings) -> AsyncIterator[Transaction]:
    async with database_as(ROLE, settings) as database, database.transaction() as transaction:
        yield transaction


async def _list(settings: Settings, consumer: str | None) -> list[DeadLetter]:
    async with _transaction(settings) as transaction:
        return await dead_letters.listing(transaction, consumer, MOST)


async def _show(settings: Settings, consumer: str, event_id: str) -> DeadLetter:
    async with _transaction(settings) as transaction:
        letter = await dead_letters.show(transaction, consumer, event_id)
    if letter is None:
        raise _missing(consumer, event_id)
    return letter


async def _replay(settings: Settings, consumer: str, event_id: str) -> None:
    async with _transaction(settings) as transaction:
        now = SystemClock().now()
        if not await dead_letters.ask_replay(transaction, consumer, event_id, now):
            raise _missing(consumer, event_id)


async def _discard(settings: Settings, consumer: str, event_id: str) -> None:
    async with _transaction(settings) as transaction:
        if not await dead_letters.discard(transaction, consumer, event_id):
            raise _missing(consumer, event_id)


def _missing(consumer: str, event_id: str) -> NotFound:
    return NotFound(
        f"{consumer} has no dead letter {event_id}; `taskflow dead-letters list` shows them all"
    )


def _readable(envelope: bytes) -> str:
    """An event indented, or its bytes as they are where it is no JSON."""
    try:
        return msgspec.json.format(envelope).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return repr(envelope)

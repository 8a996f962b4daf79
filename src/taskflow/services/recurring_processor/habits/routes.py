"""The doors to suggestions: habits seen in the caller's own history."""

from datetime import date
from uuid import UUID

from litestar import get, post
from msgspec import Struct

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict
from taskflow.chassis.tracing import present
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Recurrence, TaskState
from taskflow.services.recurring_processor.habits import suggestions_storage as storage
from taskflow.services.recurring_processor.habits.suggestions import Suggestion
from taskflow.services.recurring_processor.moments import shown_in
from taskflow.services.recurring_processor.pattern_detector import Basis
from taskflow.tasks import commands, queries
from taskflow.tasks.errors import TaskNotFound
from taskflow.tasks.model import Actor
from taskflow.tasks.phrases.sentences import sentence


class EvidenceState(Struct):
    """A day on which it was done, and the task that tells so."""

    date: date
    task_id: UUID


class SuggestionState(Struct):
    """A habit that could be a series.

    Attributes:
        rule: The RRULE (RFC 5545), as in `recurrence`.
        text: The rule in words.
        recurrence: What accepting gives the task.
        basis: Whether the rule tells when such tasks were completed, or when they were created.
        confidence: How sure it is that this is no chance, from 0 to 1.
        due: How often it was due, from the first day of the evidence to the last.
        next: When it is due next, with the zone's offset, or days where it has no usual time.
    """

    id: UUID
    title: str
    rule: str
    text: str
    recurrence: Recurrence
    timezone: str
    basis: Basis
    confidence: float
    due: int
    evidence: list[EvidenceState]
    next: list[str]
    why: str


class Suggestions(Struct):
    """What is suggested, the surest first; at most 20."""

    items: list[SuggestionState]


@get("/recurring/suggestions", tags=["recurring"])
async def list_suggestions(caller: Identity, database: Database, clock: Clock) -> Suggestions:
    """Habits in the caller's own history that could be series."""
    now = clock.now()
    async with database.transaction(read_only=True) as transaction:
        found = await storage.open_ones(transaction, caller.user_id, now.date())
    shown = [
        SuggestionState(
            id=suggestion_id,
            title=one.title,
            rule=one.recurrence.rule,
            text=sentence(one.recurrence),
            recurrence=one.recurrence,
            timezone=one.timezone,
            basis=one.basis,
            confidence=one.confidence,
            due=one.due,
            evidence=[EvidenceState(*evidence) for evidence in one.evidence],
            next=[shown_in(one.zone, coming.at) for coming in one.coming(now, 3)],
            why=one.why,
        )
        for suggestion_id, one in found
    ]
    return Suggestions(shown)


@post(
    "/recurring/suggestions/{suggestion_id:str}/accept",
    status_code=200,
    opt={"raises": (Conflict,)},
    tags=["recurring"],
)
async def accept_suggestion(
    suggestion_id: UUID, caller: Identity, database: Database, clock: Clock
) -> TaskState:
    """Make the series; its first task is answered. Doing it twice makes one."""
    async with database.transaction() as transaction:
        kept = await storage.lock(transaction, caller.user_id, suggestion_id)
        if kept.task_id is not None:
            return await _made(transaction, caller, kept.task_id)
        if kept.suggestion is None:
            raise Conflict("the suggestion was dismissed")
        task = await _make(transaction, caller, kept.suggestion, clock)
        await storage.decide(transaction, suggestion_id, "accepted", task.id)
        return task


@post("/recurring/suggestions/{suggestion_id:str}/dismiss", status_code=204, tags=["recurring"])
async def dismiss_suggestion(suggestion_id: UUID, caller: Identity, database: Database) -> None:
    """Suggest this never again, nor anything like it; one that was accepted stays so."""
    async with database.transaction() as transaction:
        kept = await storage.lock(transaction, caller.user_id, suggestion_id)
        if kept.status == "open":
            await storage.decide(transaction, suggestion_id, "dismissed")


async def _made(transaction: Transaction, caller: Identity, task_id: UUID) -> TaskState:
    """The first task of a series that was made before."""
    try:
        return (await queries.get(transaction, caller.user_id, task_id)).state()
    except TaskNotFound:
        message = f"the series was made already; its first task, {task_id}, has been deleted"
        raise Conflict(message) from None


async def _make(
    transaction: Transaction, caller: Identity, suggestion: Suggestion, clock: Clock
) -> TaskState:
    trace, now = present(), clock.now()
    actor = Actor(
        caller.user_id,
        caller.actor_type,
        caller.actor_id,
        caller.name,
        trace.correlation_id,
        None,
        trace.traceparent,
    )
    return (await commands.create(transaction, actor, suggestion.draft(now), now)).state()


ROUTES = [list_suggestions, accept_suggestion, dismiss_suggestion]

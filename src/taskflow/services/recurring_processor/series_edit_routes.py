"""The doors through which a person changes a whole series."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal
from uuid import UUID

import msgspec
from litestar import Response, delete, patch, post
from msgspec import Struct

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict, Invalid, Stale
from taskflow.chassis.acting import IfMatch, actor_of, version_of
from taskflow.chassis.task_bodies import TaskChanges, given
from taskflow.db.engine import Database
from taskflow.services.recurring_processor import present, storage, telling
from taskflow.services.recurring_processor.editing import Editing
from taskflow.services.recurring_processor.model import Chain
from taskflow.services.recurring_processor.progress import settled
from taskflow.services.recurring_processor.series_routes import ETAG, answer
from taskflow.services.recurring_processor.shown import SeriesWithInstances, coming_of_all, whole
from taskflow.tasks.floating import hold_zone

Wish = Callable[[Editing, Chain], Awaitable[Chain]]


class SeriesPatch(Struct, forbid_unknown_fields=True):
    """A change of `this` task only, of it and what follows (`future`), or of all that is open.

    `task_id` names the task of `this` and `future`; the first open one, where it is left out.
    `policy` stands for a recurrence that differs in it.
    """

    scope: Literal["this", "future", "all"]
    task_id: UUID | None = None
    changes: TaskChanges = msgspec.field(default_factory=TaskChanges)
    policy: Literal["one_open", "pile_up"] | None = None


class SkipBody(Struct, forbid_unknown_fields=True):
    """Which open task; the first one, where it is left out.

    With `task_id` a task is skipped once, however often this is sent.
    """

    task_id: UUID | None = None


class Door:
    """What a change of a series is made with, for one request."""

    def __init__(
        self, caller: Identity, database: Database, clock: Clock, if_match: str | None
    ) -> None:
        self._actor = actor_of(caller)
        self._database = database
        self._now = clock.now()
        self._version = version_of(if_match)

    async def change(
        self, series_id: UUID, task_id: UUID | None, wish: Wish
    ) -> SeriesWithInstances:
        """Carry out a wish about the present series; all of it, or nothing."""
        actor, now = self._actor, self._now
        async with self._database.transaction() as transaction:
            await hold_zone(transaction, actor.user_id)  # Before any task is locked.
            editing = Editing(transaction, actor, now)
            kept, chain = await present.brought_up(
                transaction, actor, series_id, task_id, editing.door, now
            )
            present.refuse_stale(kept, self._version)
            after = settled(await wish(editing, chain), now)
            after = await telling.told(transaction, actor, chain, after, now)
            after = await storage.save(transaction, kept, after)
            coming = await coming_of_all([after], now)
            return await whole(transaction, after.series, coming)


@patch(
    "/recurring/series/{series_id:str}",
    response_headers=[ETAG],
    opt={"raises": (Conflict, Stale)},
    tags=["recurring"],
)
async def patch_series(
    series_id: UUID,
    data: SeriesPatch,
    caller: Identity,
    database: Database,
    clock: Clock,
    if_match: IfMatch = None,
) -> Response[SeriesWithInstances]:
    """Change one task of a series, the series from a task on, or all that is open of it."""

    async def wish(editing: Editing, chain: Chain) -> Chain:
        wanted = await editing.at_home(given(data.changes))
        changes = _changes(wanted, data, chain)
        if data.scope == "this":
            return await editing.edit_one(chain, data.task_id, changes)
        is_all = data.scope == "all"
        return await editing.edit_from(chain, data.task_id, changes, all_open=is_all)

    door = Door(caller, database, clock, if_match)
    return answer(await door.change(series_id, data.task_id, wish))


@delete("/recurring/series/{series_id:str}", opt={"raises": (Stale,)}, tags=["recurring"])
async def stop_series(
    series_id: UUID, caller: Identity, database: Database, clock: Clock, if_match: IfMatch = None
) -> None:
    """End a series: its open tasks go to the trash, its history stays."""

    async def wish(editing: Editing, chain: Chain) -> Chain:
        return await editing.stop(chain)

    await Door(caller, database, clock, if_match).change(series_id, None, wish)


@post(
    "/recurring/series/{series_id:str}/skip",
    status_code=200,
    response_headers=[ETAG],
    opt={"raises": (Conflict, Stale)},
    tags=["recurring"],
)
async def skip_instance(
    series_id: UUID,
    caller: Identity,
    database: Database,
    clock: Clock,
    data: SkipBody | None = None,
    if_match: IfMatch = None,
) -> Response[SeriesWithInstances]:
    """Leave out an open task: it uses up one of COUNT, and the next appears."""
    task_id = data.task_id if data else None

    async def wish(editing: Editing, chain: Chain) -> Chain:
        return await editing.skip(chain, task_id)

    door = Door(caller, database, clock, if_match)
    return answer(await door.change(series_id, task_id, wish))


@post(
    "/recurring/series/{series_id:str}/pause",
    status_code=200,
    response_headers=[ETAG],
    opt={"raises": (Conflict, Stale)},
    tags=["recurring"],
)
async def pause_series(
    series_id: UUID, caller: Identity, database: Database, clock: Clock, if_match: IfMatch = None
) -> Response[SeriesWithInstances]:
    """Let no next task appear until the series is resumed; open ones stay."""

    async def wish(editing: Editing, chain: Chain) -> Chain:
        return await editing.pause(chain)

    door = Door(caller, database, clock, if_match)
    return answer(await door.change(series_id, None, wish))


@post(
    "/recurring/series/{series_id:str}/resume",
    status_code=200,
    response_headers=[ETAG],
    opt={"raises": (Conflict, Stale)},
    tags=["recurring"],
)
async def resume_series(
    series_id: UUID, caller: Identity, database: Database, clock: Clock, if_match: IfMatch = None
) -> Response[SeriesWithInstances]:
    """Go on with the next occurrence in the future; what fell into the pause never was."""

    async def wish(editing: Editing, chain: Chain) -> Chain:
        return await editing.resume(chain)

    door = Door(caller, database, clock, if_match)
    return answer(await door.change(series_id, None, wish))


def _changes(
    changes: Mapping[str, object], data: SeriesPatch, chain: Chain
) -> Mapping[str, object]:
    """What is wished, by name; a policy as the recurrence that has it."""
    if data.policy is None:
        return changes
    if data.scope == "this":
        raise Invalid.field("policy", "belongs to the series: use the scope `future` or `all`")
    present_one = changes.get("recurrence", msgspec.to_builtins(chain.series.recurrence))
    if not isinstance(present_one, dict):
        raise Invalid.field("policy", "stands beside no recurrence")
    return {**changes, "recurrence": {**present_one, "policy": data.policy}}


ROUTES = [patch_series, stop_series, skip_instance, pause_series, resume_series]

"""A recurrence is checked beside the loop, all else at once."""

import asyncio
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from taskflow.base.errors import Invalid
from taskflow.tasks.drafting import drafted_aside
from taskflow.tasks.drafts import DEFAULTS, drafted

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DEAR: dict[str, Any] = {"title": "Water", "recurrence": {"rule": "FREQ=WEEKLY;COUNT=10000"}}
PLAIN: dict[str, Any] = {"title": "Water", "recurrence": None}


async def _turns_beside(given: dict[str, Any]) -> int:
    """How often somebody else has a turn while a task is drafted."""
    turns = count()

    async def other() -> None:
        while True:
            next(turns)
            await asyncio.sleep(0)

    beside = asyncio.ensure_future(other())
    fields = await drafted_aside(DEFAULTS, given, NOW)
    beside.cancel()
    assert fields == drafted(DEFAULTS, given, NOW)
    return next(turns)


async def test_others_have_their_turn_while_a_rule_is_followed() -> None:
    assert await _turns_beside(DEAR) > 0


async def test_without_a_rule_nobody_waits_for_a_thread() -> None:
    assert await _turns_beside(PLAIN) == 0


async def test_what_is_wrong_with_a_rule_is_said_as_ever() -> None:
    never = {"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}
    with pytest.raises(Invalid, match="never occurs"):
        await drafted_aside(DEFAULTS, DEAR | {"recurrence": never}, NOW)

"""How everybody is told that an account is erased. Pure.

There is a topic for each kind of news of a task and none for accounts, so it is told as a deletion:
of a task that never was, which has the account's owner and nothing of theirs.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_DELETED
from taskflow.tasks.drafts import DEFAULTS
from taskflow.tasks.model import Actor, event_of, new_task

TITLE: Final = "Account erased"


def erasure_of(actor: Actor, task_id: UUID, event_id: UUID, now: datetime) -> TaskEvent:
    """The event that tells that the actor's account is erased."""
    task = new_task(replace(DEFAULTS, title=TITLE), task_id, actor.user_id, now)
    return replace(event_of(actor, TASK_DELETED, task, {}, event_id), owner_erased=True)

"""How the Task API shows a task, and how its document describes that."""

from typing import Final

import msgspec
from litestar import Response
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec

from taskflow.events.payloads import TaskState
from taskflow.services.task_api.idempotency import Answer
from taskflow.tasks.model import Task

OF_TASK: Final = ResponseSpec(TaskState, generate_examples=False, description="The task.")
UNCHANGED: Final = ResponseSpec(None, description="The task is still that of `If-None-Match`.")
ETAG: Final = ResponseHeader(
    name="ETag",
    documentation_only=True,
    description='The version of the task, such as `"3"`, for `If-Match` and `If-None-Match`.',
)
LOCATION: Final = ResponseHeader(
    name="Location", documentation_only=True, description="The path of the task."
)


def etag_of(task: Task) -> str:
    """The version of a task as an entity tag."""
    return f'"{task.version}"'


def shown(task: Task) -> Response[bytes]:
    """A task with its entity tag."""
    return Answer(200, {"ETag": etag_of(task)}, msgspec.json.encode(task.state())).response()

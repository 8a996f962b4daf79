"""What can go wrong with tasks, beside the tree's own."""

from uuid import UUID

from taskflow.base.errors import Conflict, NotFound, Stale, Unauthenticated


class TaskNotFound(NotFound):
    """There is no such task, it is in the trash, or it is somebody else's."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"there is no task {task_id}")
        self.task_id = task_id


class TaskStale(Stale):
    """The task has another version than the one that was named."""

    def __init__(self, task_id: UUID, present: int) -> None:
        super().__init__(f"the task {task_id} is at version {present} now; read it again")
        self.task_id = task_id
        self.present = present


class OwnerErased(Unauthenticated):
    """The account that the task would belong to has been erased."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__("the account has been erased")
        self.user_id = user_id


class SeriesHasOpen(Conflict):
    """Another task of a series that shows one at a time is open, and is somebody's."""

    def __init__(self, task_id: UUID, title: str) -> None:
        super().__init__(
            f"“{title}” ({task_id}) of the same series is open: complete or delete it first"
        )
        self.task_id = task_id

"""The five topics and the event type that each carries."""

from typing import Final

TASK_CREATED: Final = "task.created"
TASK_UPDATED: Final = "task.updated"
TASK_COMPLETED: Final = "task.completed"
TASK_DELETED: Final = "task.deleted"
REMINDER_TRIGGERED: Final = "reminder.triggered"

TOPIC_OF: Final = {
    TASK_CREATED: "taskflow.tasks.created",
    TASK_UPDATED: "taskflow.tasks.updated",
    TASK_COMPLETED: "taskflow.tasks.completed",
    TASK_DELETED: "taskflow.tasks.deleted",
    REMINDER_TRIGGERED: "taskflow.tasks.reminder-triggered",
}
TASK_TYPES: Final = (TASK_CREATED, TASK_UPDATED, TASK_COMPLETED, TASK_DELETED)
ALL_TYPES: Final = tuple(TOPIC_OF)

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

# A broker keeps the order of a task's events within a partition; all topics have equally many, so
# that a task has the same partition in each.
PARTITIONS: Final = 12
DEAD_LETTER_PARTITIONS: Final = 3
CONSUMERS: Final = ("recurring-processor", "reminder", "notification", "audit-logger")


def dead_letter_topic(consumer: str) -> str:
    """Where the sidecar of a consumer puts what it cannot read."""
    return f"taskflow.dlq.{consumer}"


def broker_topics() -> dict[str, int]:
    """Every topic that a broker must have, with its number of partitions."""
    return dict.fromkeys(TOPIC_OF.values(), PARTITIONS) | {
        dead_letter_topic(consumer): DEAD_LETTER_PARTITIONS for consumer in CONSUMERS
    }

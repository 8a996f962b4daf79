"""The services there are; a sixth is one line more."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from taskflow.chassis.service import Service

# In the order of their ports.
MODULES: Final = {
    "task-api": "taskflow.services.task_api.main",
    "recurring-processor": "taskflow.services.recurring_processor.main",
    "reminder": "taskflow.services.reminder.main",
    "notification": "taskflow.services.notification.main",
    "audit-logger": "taskflow.services.audit_logger.main",
}


def load(name: str) -> "Service":
    """The declaration of a service; a process imports only those that it runs."""
    service: Service = import_module(MODULES[name]).service
    return service


def port_offset(name: str) -> int:
    """The port of a service, counted from the first; imports nothing."""
    return list(MODULES).index(name)

"""Which bus this process uses; with the settings, the only place that decides the size."""

from taskflow.base.errors import Invalid
from taskflow.base.settings import Settings
from taskflow.bus.memory import MemoryBus, Reload
from taskflow.bus.ports import Bus


def make_bus(settings: Settings, reload: Reload) -> Bus:
    """The bus that the settings name.

    Args:
        settings: Name the bus.
        reload: Reads messages of the outbox again by their positions.

    Raises:
        Invalid: this build has no such bus.
    """
    if settings.bus != "memory":
        raise Invalid.field("TASKFLOW_BUS", f"{settings.bus} is not available in this version")
    return MemoryBus(reload)

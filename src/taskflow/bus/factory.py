"""Which bus this process uses; with the settings, the only place that decides the size."""

from typing import Final

from pydantic import SecretStr

from taskflow.base.errors import Invalid
from taskflow.base.settings import Settings
from taskflow.bus.dapr import DaprBus
from taskflow.bus.deliveries import CanConsume
from taskflow.bus.memory import MemoryBus, Reload
from taskflow.bus.ports import Bus
from taskflow.bus.sidecar import Sidecar

LEAST_TOKEN: Final = 16


def make_bus(settings: Settings, reload: Reload, can_consume: CanConsume) -> Bus:
    """The bus that the settings name.

    Args:
        settings: Name the bus.
        reload: Reads messages of the outbox again by their positions.
        can_consume: Whether the effects of events can be written right now.

    Raises:
        Invalid: a token that the sidecar needs is missing.
    """
    if settings.bus == "memory":
        return MemoryBus(reload)
    address = f"http://127.0.0.1:{settings.dapr_http_port}"
    sidecar = Sidecar(address, _token("DAPR_API_TOKEN", settings.dapr_api_token))
    return DaprBus(sidecar, _token("APP_API_TOKEN", settings.app_api_token), can_consume)


def _token(name: str, token: SecretStr | None) -> str:
    if token is None:
        reason = f"is required with TASKFLOW_BUS=dapr; TASKFLOW_{name}_FILE names a file with it"
        raise Invalid.field(f"TASKFLOW_{name}", reason)
    value = token.get_secret_value().strip()
    if len(value) < LEAST_TOKEN:
        reason = f"must have at least {LEAST_TOKEN} characters, so that nobody can guess it"
        raise Invalid.field(f"TASKFLOW_{name}", reason)
    return value

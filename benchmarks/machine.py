"""What the figures were measured on."""

import os
import platform


def describe() -> str:
    """The machine in a line; the load tells how busy others kept it."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    cores = os.cpu_count()
    return f"{cores} cores, {platform.machine()}, Python {platform.python_version()}, load {load}"

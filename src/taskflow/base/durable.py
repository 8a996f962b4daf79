"""What the disk must know before something counts as kept."""

import os
from pathlib import Path


def sync_folder(path: Path) -> None:
    """Let the disk know of new names in a folder.

    Raises:
        OSError: it cannot.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

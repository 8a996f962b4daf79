"""Which key a process verifies with: only one that hosts the Task API touches the private one."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from taskflow.accounts.keys import load_signing_key, load_verifying_key
from taskflow.base.settings import Settings
from taskflow.chassis.service import Service


def verifying_key(settings: Settings, services: Iterable[Service]) -> Ed25519PublicKey:
    """The public key for a process that hosts these services.

    Raises:
        Unavailable: there is none yet, or it cannot be used.
    """
    if any(service.signs for service in services):
        return load_signing_key(settings.data_dir).public_key()
    return load_verifying_key(settings.data_dir, settings.verifying_key)

"""How often something may be sent at once: for each person, and for each mail box to be proven."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from taskflow.base.clock import monotonic
from taskflow.chassis.limits import RateLimiter
from taskflow.services.reminder.channels.addresses import mailbox_of

TEST_SECONDS: Final = 12.0
CODE_SECONDS: Final = 60.0
BURST: Final = 5
# Nobody's mail box is filled with codes, by however many accounts.
MAILBOX_SECONDS: Final = 600.0
MAILBOX_BURST: Final = 3


class Turns:
    """Gives turns out, in this process."""

    def __init__(self) -> None:
        self._tests = RateLimiter(1 / TEST_SECONDS, BURST)
        self._codes = RateLimiter(1 / CODE_SECONDS, BURST)
        self._mailboxes = RateLimiter(1 / MAILBOX_SECONDS, MAILBOX_BURST)

    def spend_test(self, user_id: UUID) -> None:
        """Take one of the turns that a person has to have something sent or looked at at once.

        Raises:
            TooMany: they have none at this moment.
        """
        self._tests.spend(str(user_id), monotonic())

    def spend_code(self, user_id: UUID) -> None:
        """Take one of the turns that a person has to have a code sent.

        Raises:
            TooMany: they have none at this moment.
        """
        self._codes.spend(str(user_id), monotonic())

    def spend_mailbox(self, address: Mapping[str, Any]) -> None:
        """Take one of the turns that a mail box has to be sent a code, whoever asks.

        It is taken last, in the transaction that keeps the code: where there is none, the code that
        was sent before stays good.

        Raises:
            TooMany: it has none at this moment.
        """
        self._mailboxes.spend(mailbox_of(address), monotonic())

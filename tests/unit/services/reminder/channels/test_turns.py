"""Codes are sent a few at a time."""

from uuid import UUID

import pytest

from taskflow.base.errors import TooMany
from taskflow.services.reminder.channels.turns import MAILBOX_BURST, Turns


def test_however_many_ask_a_mail_box_has_few_turns_whatever_stands_after_a_plus_sign() -> None:
    turns = Turns()
    for number in range(MAILBOX_BURST):
        turns.spend_code(UUID(int=number))
        turns.spend_mailbox({"to": f"Ada+{number}@example.com"})
    with pytest.raises(TooMany):
        turns.spend_mailbox({"to": "ada@example.com"})
    turns.spend_mailbox({"to": "grace@example.com"})

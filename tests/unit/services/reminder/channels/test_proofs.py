"""What a code proves, and for how long."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from taskflow.services.reminder.channels import proofs

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_a_code_is_eight_digits_and_another_each_time() -> None:
    codes = {proofs.fresh_code() for _ in range(50)}
    assert len(codes) > 45
    assert all(len(code) == 8 and code.isdigit() for code in codes)


def test_a_code_counts_for_its_channel_alone_and_is_not_kept() -> None:
    channel = uuid4()
    kept = proofs.awaiting(channel, "01234567", NOW)
    assert proofs.matches(kept, channel, "01234567")
    assert not proofs.matches(kept, channel, "01234568")
    assert not proofs.matches(kept, uuid4(), "01234567")
    assert "01234567" not in str(kept)


def test_a_code_is_spent_by_time_and_by_guesses() -> None:
    kept = proofs.awaiting(uuid4(), "01234567", NOW)
    assert not proofs.is_spent(kept, NOW + proofs.VALID - timedelta(seconds=1))
    assert proofs.is_spent(kept, NOW + proofs.VALID)
    for _ in range(proofs.MOST_ATTEMPTS):
        assert not proofs.is_spent(kept, NOW)
        kept = proofs.tried(kept)
    assert proofs.is_spent(kept, NOW)


def test_the_message_tells_the_code_and_nothing_else_of_the_person() -> None:
    message = proofs.code_message(uuid4(), "01234567", NOW)
    assert "01234567" in message.title
    assert "01234567" in message.body
    assert message.link is None

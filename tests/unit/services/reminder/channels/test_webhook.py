"""How a webhook is signed: as Standard Webhooks says, by its own example."""

from datetime import UTC, datetime, timedelta

from taskflow.services.reminder.channels.webhook import secrets, sign

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_the_standards_example_comes_out() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the standard's example
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert sign(secret, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_former_secret_signs_until_its_time_is_over() -> None:
    former = {"secret": "old", "until": NOW.isoformat()}
    address = {"secret": "new", "former": former}
    assert secrets(address, NOW - timedelta(seconds=1)) == ["new", "old"]
    assert secrets(address, NOW) == ["new"]
    assert secrets({"secret": "new"}, NOW) == ["new"]

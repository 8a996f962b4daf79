"""How often a password may be guessed, from one place and at one account."""

from contextlib import suppress

import pytest

from taskflow.base.errors import TooMany
from taskflow.services.task_api.attempts import Attempts, place_of

HOME, AWAY = "192.0.2.1", "192.0.2.2"


def botnet(size: int) -> list[str]:
    return [f"198.51.100.{number}" for number in range(size)]


def refused(attempts: Attempts, place: str, account: str, now: float = 0) -> int:
    """How many seconds an attempt has to wait; none when it may be made."""
    try:
        attempts.guess(place, account, now)
    except TooMany as error:
        return error.retry_after_seconds
    return 0


def attacked(attempts: Attempts, account: str, now: float = 0) -> None:
    """Guess at an account from everywhere until no more is taken."""
    for place in botnet(200):
        with suppress(TooMany):
            attempts.guess(place, account, now)


def test_a_place_may_guess_so_often_a_minute_whatever_the_account() -> None:
    attempts = Attempts(per_minute=30)
    assert [refused(attempts, HOME, f"account {number}") for number in range(30)] == [0] * 30
    assert refused(attempts, HOME, "another account") == 2
    assert refused(attempts, AWAY, "another account") == 0
    assert refused(attempts, HOME, "another account", 2) == 0


def test_an_account_is_guessed_at_no_faster_from_many_places() -> None:
    attempts = Attempts(per_minute=30)
    taken = sum(not refused(attempts, place, "ada") for place in botnet(200))
    assert taken == 90
    taken = sum(not refused(attempts, place, "ada", 60) for place in botnet(200))
    assert taken == 10
    assert refused(attempts, HOME, "bob") == 0


def test_nobody_is_locked_out_for_longer_than_one_guess_takes_to_come_back() -> None:
    attempts = Attempts(per_minute=30)
    attacked(attempts, "ada")
    assert refused(attempts, HOME, "ada") == 6
    assert refused(attempts, HOME, "ada", 6) == 0


def test_who_has_been_let_in_from_a_place_is_not_locked_out_there_at_all() -> None:
    attempts = Attempts(per_minute=30)
    attempts.guess(HOME, "ada", 0)
    attempts.was_right(HOME, "ada")
    attacked(attempts, "ada")
    assert refused(attempts, AWAY, "ada") > 0
    assert [refused(attempts, HOME, "ada") for _ in range(29)] == [0] * 29
    assert refused(attempts, HOME, "ada") > 0


def test_a_right_password_does_not_count_against_the_account() -> None:
    attempts = Attempts(per_minute=1)
    for place in botnet(50):
        attempts.guess(place, "ada", 0)
        attempts.was_right(place, "ada")
    assert refused(attempts, HOME, "ada") == 0


def test_known_places_are_forgotten_beyond_a_number() -> None:
    attempts = Attempts(per_minute=1, capacity=1)
    for account in ("ada", "bob"):
        attempts.guess(HOME, account, 0 if account == "ada" else 60)
        attempts.was_right(HOME, account)
    attacked(attempts, "ada", 60)
    assert refused(attempts, HOME, "ada", 120) > 0


@pytest.mark.parametrize(
    ("host", "forwarded", "proxies", "place"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", 0, "192.0.2.1"),
        ("192.0.2.1", "10.0.0.1, 203.0.113.9", 1, "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9", 2, "192.0.2.1"),
        ("192.0.2.1", " ", 1, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "", 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "unknown", 1, "unknown"),
        (None, "", 0, "unknown"),
    ],
)
def test_a_place_is_an_address_or_the_network_that_one_customer_has(
    host: str | None, forwarded: str, proxies: int, place: str
) -> None:
    assert place_of(host, forwarded, proxies) == place

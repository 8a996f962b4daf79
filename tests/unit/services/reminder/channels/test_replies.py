"""What a receiver's answer means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.services.reminder.channels.port import NotDelivered
from taskflow.services.reminder.channels.replies import judge, rest

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def verdict(status: int, **headers: str) -> tuple[bool, bool, timedelta | None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(NotDelivered) as raised:
        judge(status, named, NOW)
    return raised.value.is_final, raised.value.is_gone, raised.value.retry_after


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_a_receipt(status: int) -> None:
    assert str(status) in judge(status, {}, NOW).detail


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 451])
def test_a_refusal_is_final(status: int) -> None:
    assert verdict(status, retry_after="60") == (True, False, None)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599, 999])
def test_what_may_pass_is_tried_again_when_the_receiver_says(status: int) -> None:
    assert verdict(status) == (False, False, None)
    assert verdict(status, retry_after="60") == (False, False, MINUTE)


def test_gone_is_gone_and_a_redirect_is_not_followed() -> None:
    assert verdict(410) == (True, True, None)
    assert verdict(307, location="https://example.com") == (True, False, None)


def test_another_status_may_mean_gone_too() -> None:
    with pytest.raises(NotDelivered) as raised:
        judge(404, {}, NOW, frozenset({404, 410}))
    assert raised.value.is_gone


def test_a_rest_is_seconds_or_a_date_and_ends_within_a_day() -> None:
    assert rest(None, NOW) is None
    assert rest(" 60 ", NOW) == MINUTE
    assert rest("Mon, 02 Mar 2026 08:01:00 GMT", NOW) == MINUTE
    assert rest("Mon, 02 Mar 2026 07:59:00 GMT", NOW) == timedelta(0)
    assert rest("9" * 400, NOW) == rest("Mon, 02 Mar 2099 08:01:00 GMT", NOW) == timedelta(days=1)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon", "²", "Mon, 99 Foo 2026", "\x00"])
def test_a_rest_that_nobody_understands_is_none(text: str) -> None:
    assert rest(text, NOW) is None


@given(st.text(max_size=40))
def test_any_text_is_a_rest_or_none(text: str) -> None:
    found = rest(text, NOW)
    assert found is None or timedelta(0) <= found <= timedelta(days=1)

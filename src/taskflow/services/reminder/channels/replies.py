"""What a receiver's answer over HTTP means to a delivery. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from taskflow.services.reminder.channels.port import NotDelivered, Receipt

# Refusals that are none for ever: the receiver timed out, is too early, or is asked too much.
_TRANSIENT: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
TAKEN: Final = range(200, 300)
REDIRECTED: Final = range(300, 400)
REFUSED: Final = range(400, 500)
LONGEST_REST: Final = timedelta(days=1)


def judge(
    status: int,
    headers: Mapping[str, str],
    now: datetime,
    gone: frozenset[int] = frozenset({HTTPStatus.GONE}),
) -> Receipt:
    """The receipt of an answer that takes a message.

    Args:
        status: Of the answer.
        headers: By their names in lower case.
        now: The time.
        gone: Statuses that say that the address will never be good again.

    Raises:
        NotDelivered: it takes none.
    """
    detail = f"the receiver answered {status}{_phrase(status)}"
    if status in TAKEN:
        return Receipt(detail)
    if status in REDIRECTED:
        raise NotDelivered(f"{detail}, and no redirect is followed", is_final=True)
    if status in gone:
        raise NotDelivered(detail, is_gone=True)
    is_final = status in REFUSED and status not in _TRANSIENT
    retry_after = None if is_final else rest(headers.get("retry-after"), now)
    raise NotDelivered(detail, is_final=is_final, retry_after=retry_after, is_certain=True)


def rest(text: str | None, now: datetime) -> timedelta | None:
    """What a `Retry-After` asks for: seconds or a date (RFC 9110, 10.2.3), within a day."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:9]), int(LONGEST_REST.total_seconds()))
        return timedelta(seconds=seconds)
    try:
        at = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(at - now, timedelta(0)), LONGEST_REST)
    except (ValueError, OverflowError):
        return None


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""

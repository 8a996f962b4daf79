"""What a page of series shows of what is to come, however long their rules take to follow."""

from datetime import UTC, datetime
from uuid import uuid4

from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_progress import chain

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.shown import NEXT, all_coming

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONG = Recurrence("FREQ=HOURLY;INTERVAL=23;BYMONTH=1,2,3,4,5,6,7,8,9,10,11", count=10_000)


def test_a_page_of_rules_that_take_long_shows_what_comes_of_the_first_ones() -> None:
    known = chain(LONG).with_series(start_at="2003-01-01T09:00:00Z").series
    page = [replace(known, id=uuid4()) for _ in range(40)]
    coming = all_coming(page, NOW)
    assert list(coming) == [one.id for one in page]
    assert len(coming[page[0].id]) == NEXT
    assert coming[page[-1].id] == []


def test_a_page_of_plain_rules_shows_what_comes_of_all() -> None:
    known = chain(Recurrence("FREQ=DAILY")).series
    page = [replace(known, id=uuid4()) for _ in range(200)]
    assert {len(some) for some in all_coming(page, NOW).values()} == {NEXT}

"""A cursor is a place in its own list, or it is refused."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.base import cursors
from taskflow.base.errors import Invalid

PLACE = tuple[cursors.Instant, UUID]


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_place_comes_back_as_it_was(at: datetime, identifier: UUID) -> None:
    cursor = cursors.encode("reminders", at, identifier)
    assert cursors.decode(cursor, "reminders", PLACE) == (at, identifier)


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = cursors.encode("audit", UUID(int=1))
    with pytest.raises(Invalid, match="another list"):
        cursors.decode(cursor, "series", tuple[UUID])


@pytest.mark.parametrize(
    "place",
    [
        ("0001-01-01T00:00:00+14:00", UUID(int=0)),
        ("9999-12-31T23:59:59-14:00", UUID(int=0)),
        ("2020-01-01T00:00:00", UUID(int=0)),
        (5, UUID(int=0)),
        (UUID(int=0),),
        ("2020-01-01T00:00:00Z", UUID(int=0), 1),
    ],
)
def test_a_place_that_no_query_can_take_is_refused(place: tuple[object, ...]) -> None:
    with pytest.raises(Invalid):
        cursors.decode(cursors.encode("reminders", *place), "reminders", PLACE)


@pytest.mark.parametrize("number", [-1, 2**63, 10**30, "1", 1.0, None, True])
def test_a_number_fits_its_column(number: object) -> None:
    with pytest.raises(Invalid):
        cursors.decode(cursors.encode("list", number), "list", tuple[cursors.Number])


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: raw.hex()))
def test_a_forged_cursor_is_refused_and_never_an_accident(text: str) -> None:
    with pytest.raises(Invalid):
        cursors.decode(text, "reminders", PLACE)

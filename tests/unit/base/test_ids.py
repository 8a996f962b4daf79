"""Ids are ordered by time and, where derived, a function of what they stand for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from taskflow.base.ids import IdSource, derived_id, first_id_at, instant_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(INSTANTS, min_size=2, max_size=50))
def test_fresh_ids_rise_even_when_the_clock_jumps_back(instants: list[datetime]) -> None:
    source = IdSource()
    made = [source.next(at) for at in instants]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(one.version == 7 for one in made)


@given(INSTANTS)
def test_an_id_tells_its_instant_to_the_millisecond(at: datetime) -> None:
    assert abs(instant_of(derived_id(UUID(int=1), "x", at)) - at) < timedelta(milliseconds=2)
    assert first_id_at(at) <= derived_id(UUID(int=1), "x", at)


@given(st.uuids(), st.text(), INSTANTS)
def test_a_derived_id_ends_as_the_librarys_uuid5_does(
    namespace: UUID, name: str, at: datetime
) -> None:
    made = derived_id(namespace, name, at).int
    tail = (made >> 64 & 0xFFF) << 62 | made & ((1 << 62) - 1)
    assert tail == uuid5(namespace, name).int & ((1 << 74) - 1)


def test_a_derived_id_depends_on_all_that_it_stands_for() -> None:
    same = derived_id(UUID(int=1), "2026-03-01", NOW)
    assert same == derived_id(UUID(int=1), "2026-03-01", NOW)
    assert same != derived_id(UUID(int=2), "2026-03-01", NOW)
    assert same != derived_id(UUID(int=1), "2026-03-02", NOW)

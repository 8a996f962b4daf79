"""What waits for a stream: nothing lost, order holds, reminders stand alone, ten in any second."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.notes import make_note

from taskflow.events.payloads import EventType
from taskflow.services.notification.connections import MOST_WAITING, Outgoing, Tally
from taskflow.services.notification.frames import Note

PER_SECOND = 10


@dataclass
class Client:
    """Takes what may go out, and remembers when."""

    outgoing: Outgoing = field(default_factory=lambda: Outgoing(PER_SECOND))
    taken: list[Note] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def drain(self, now: float) -> None:
        while (note := self.outgoing.peek(now)) is not None:
            self.outgoing.sent(note, now)
            self.taken.append(note)
            self.times.append(now)


# Seconds until it comes, which task, whether it is a reminder, whether it is silent.
ARRIVALS = st.lists(
    st.tuples(
        st.floats(0, 0.4), st.integers(1, 4), st.sampled_from(["told", "reminder", "silent"])
    ),
    max_size=80,
)


@given(ARRIVALS)
def test_whatever_comes_is_told_once_in_order_and_never_too_fast(
    arrivals: list[tuple[float, int, str]],
) -> None:
    client, now, numbers = Client(), 0.0, iter(range(1, 1000))
    added: list[Note] = []
    for gap, task, kind in arrivals:
        now += gap
        number = None if kind == "silent" else next(numbers)
        event: EventType = "reminder.triggered" if kind == "reminder" else "task.updated"
        added.append(make_note(number, task=task, event_type=event))
        client.outgoing.add(added[-1])
        client.drain(now)
    while len(client.outgoing):
        now += 0.05
        client.drain(now)
    told = client.taken
    assert sum(1 + (note.merged or 0) for note in told) == len(added)
    ids = [note.id for note in told if note.id is not None]
    assert ids == sorted(set(ids))
    reminders = {note.id for note in added if note.event_type == "reminder.triggered"}
    assert reminders == {note.id for note in told if note.event_type == "reminder.triggered"}
    assert not any(note.merged for note in told if note.event_type == "reminder.triggered")
    newest = {note.task_id: note.id for note in added if note.id is not None}
    assert newest == {note.task_id: note.id for note in told if note.id is not None}
    windows = zip(client.times, client.times[PER_SECOND:], strict=False)
    assert all(later - first >= 1.0 for first, later in windows)


def test_ten_at_the_end_of_a_second_leave_no_room_for_ten_at_the_start_of_the_next() -> None:
    client = Client()
    for number in range(1, 41):
        client.outgoing.add(make_note(number))
        client.drain(0.0 if number == 1 else 0.95)
    client.drain(1.05)
    assert len([time for time in client.times if time >= 0.95]) <= PER_SECOND
    assert all(first <= second for first, second in pairwise(client.times))


def test_a_change_nobody_wants_to_hear_of_does_not_take_the_place_of_one_they_do() -> None:
    client = Client(Outgoing(1))
    for note in (make_note(1, task=9), make_note(2, task=7), make_note(None, task=7)):
        client.outgoing.add(note)
    for second in range(3):
        client.drain(float(second))
    assert [note.id for note in client.taken] == [1, 2, None]


def test_more_than_may_wait_is_told_by_fetching_afresh_and_by_nothing_before() -> None:
    client = Client()
    for number in range(1, MOST_WAITING + 20):
        client.outgoing.add(make_note(number))
    client.drain(0.0)
    assert client.outgoing.has_overflown
    assert client.taken == []
    client.outgoing.fetched_afresh()
    client.outgoing.add(make_note(5000))
    client.drain(0.0)
    assert [note.id for note in client.taken] == [5000]


def test_a_client_that_does_not_read_costs_no_more_than_its_bound() -> None:
    outgoing = Outgoing(PER_SECOND)
    outgoing.add(make_note(1))
    outgoing.bound(24_000)
    assert len(outgoing) == 1
    outgoing.add(make_note(2, description="x" * 30_000))
    outgoing.bound(24_000)
    assert outgoing.has_overflown
    assert len(outgoing) == 0


def test_the_weight_of_what_waits_follows_what_is_merged_and_sent() -> None:
    outgoing = Outgoing(PER_SECOND)
    for number in range(1, 200):
        outgoing.add(make_note(number, task=3, description="x" * 9_000))
    outgoing.bound(24_000)
    assert not outgoing.has_overflown
    note = outgoing.peek(0.0)
    assert note is not None
    assert note.merged == 198
    outgoing.sent(note, 0.0)
    outgoing.bound(0)
    assert not outgoing.has_overflown


def test_what_is_merged_and_who_has_to_fetch_afresh_is_counted_over_all_streams() -> None:
    tally = Tally()
    first, second = Outgoing(PER_SECOND, tally), Outgoing(PER_SECOND, tally)
    for outgoing in (first, second):
        for number in range(1, 6):
            outgoing.add(make_note(number, task=3))
        outgoing.bound(0)
        outgoing.bound(0)
    assert (tally.merged, tally.resyncs) == (8, 2)

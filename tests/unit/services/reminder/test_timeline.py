"""A timeline says in words what happened, and in order, whatever happened."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from msgspec import to_builtins
from tests.planning import make_event, make_task

from taskflow.services.reminder.history import (
    TURNED_OFF,
    Attempt,
    Carried,
    Told,
    What,
    of_planning,
)
from taskflow.services.reminder.scheduler import Standing
from taskflow.services.reminder.timeline import timeline

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ID, CHANNEL = UUID(int=1), UUID(int=2)
FIRED = {"event_id": str(ID), "fire_at": "2026-03-02T12:00:00Z", "late_by_seconds": 0}
FACTS: dict[str, dict[str, Any]] = {
    "planned": {"fire_at": "2026-03-02T12:00:00Z"},
    "replanned": {
        "old": "2026-03-02T12:00:00Z",
        "new": "2026-03-03T12:00:00Z",
        "event_type": "task.updated",
    },
    "cancelled": {"reason": "the task was completed"},
    "postponed": {"until": "2026-03-03T07:00:00Z", "reason": "quiet hours"},
    "fired": FIRED,
    "delivered": {"latency_ms": 12, "channel": "page", "result": "delivered"},
    "seen": {},
    "snoozed": {"until": "2026-03-03T07:00:00Z"},
    "done": {"reason": "it was acknowledged"},
    "dead": {"reason": "no channel is left to try", "delivery_id": str(ID)},
    "stopped": {"reason": "it was acknowledged", "delivery_id": str(ID)},
    "redelivered": {"channel_name": "my hook", "delivery_id": str(ID), "after": 2},
}


def carried(state: str, **changes: Any) -> Carried:
    one = Carried(ID, "reminder", state, "hook", NOON, None, NOON, NOON, "my hook")  # type: ignore[arg-type]
    return one._replace(**changes)


def attempt(number: int, result: str, at: datetime, name: str = "my hook") -> Attempt:
    return Attempt(ID, "hook", name, number, at, result, "what it said", 5, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("what", get_args(What))
def test_each_thing_that_is_written_down_has_its_sentence(what: What) -> None:
    found = timeline([Told(NOON, what, FACTS[what])], [], [])
    assert what in [one.what for one in found]
    assert all(one.text and "{" not in one.text for one in found)


def test_a_moved_reminder_says_from_when_to_when() -> None:
    (found,) = timeline([Told(NOON, "replanned", FACTS["replanned"])], [], [])
    assert found.text == (
        "It was moved from 02 March 2026 12:00:00 UTC "
        "to 03 March 2026 12:00:00 UTC, by task.updated"
    )


def test_one_line_of_a_firing_is_that_it_was_due_fired_and_was_handed_over() -> None:
    late = FIRED | {"late_by_seconds": 3700, "repetition": 2, "digest_id": str(CHANNEL)}
    found = timeline([Told(NOON + 61 * MINUTE + 40 * MINUTE / 60, "fired", late)], [], [])
    assert [one.what for one in found] == ["due", "fired", "handed_over"]
    assert found[0].at == NOON
    assert found[1].text.startswith(
        "It fired, 1:01:40 late, as its 2nd repetition; many were missed"
    )
    assert found[1].digest_id == CHANNEL


def test_who_muted_everything_is_told_that_this_is_why() -> None:
    muted = FIRED | {"reason": "notifications are set to none"}
    found = timeline([Told(NOON, "fired", muted)], [], [])
    assert found[-1].text == "Nobody is told of it: notifications are set to none"
    carried = {"channel": "page", "result": "delivered", "latency_ms": 5}
    carried |= {"event_id": FIRED["event_id"]}
    steps = [Told(NOON, "fired", muted), Told(NOON, "delivered", carried)]
    assert "delivered" not in [one.what for one in timeline(steps, [], [])]


def test_where_the_next_channel_takes_over_stands_between_the_attempts() -> None:
    attempts = [
        attempt(1, "failed", NOON),
        attempt(2, "refused", NOON + MINUTE),
        attempt(1, "delivered", NOON + 2 * MINUTE, "my mail"),
    ]
    found = timeline([], [carried("delivered")], attempts)
    assert [one.what for one in found] == ["attempted", "attempted", "next_channel", "delivered"]
    assert found[2].text == "my hook did not take it; my mail is tried"


@pytest.mark.parametrize(
    ("state", "what", "text"),
    [
        ("waiting", "waiting", "my hook (hook) is tried next"),
        (
            "claimed",
            "waiting",
            "It is being sent by my hook (hook); by this time it is known what has come of it",
        ),
        ("stopped", "stopped", "Nothing more is sent: why"),
        ("dead", "dead", f"No channel took it: {TURNED_OFF}; the page shows it"),
    ],
)
def test_where_a_delivery_stands_is_said_too(state: str, what: str, text: str) -> None:
    (found,) = timeline([], [carried(state, reason="why")], [])
    assert (found.what, found.text) == (what, text)


def test_what_is_being_sent_is_not_said_to_be_tried_again() -> None:
    found = [timeline([], [carried(state)], [])[0].next_at for state in ("waiting", "claimed")]
    assert found == [NOON, None]


def test_what_was_tried_in_vain_says_why_it_ended() -> None:
    found = timeline([], [carried("dead", reason="why", last_at=NOON)], [])
    assert found[-1].text == "No channel took it: why; the page shows it"


def test_what_was_asked_for_once_more_says_how_it_had_ended_and_by_what_it_comes_now() -> None:
    attempts = [
        attempt(1, "refused", NOON)._replace(number=1),
        attempt(1, "refused", NOON + MINUTE, "my mail")._replace(number=2),
        attempt(1, "delivered", NOON + 4 * MINUTE)._replace(number=3),
    ]
    told = [
        Told(NOON + 2 * MINUTE, "dead", FACTS["dead"]),
        Told(NOON + 3 * MINUTE, "redelivered", FACTS["redelivered"]),
    ]
    found = timeline(told, [carried("delivered")], attempts)
    assert [one.what for one in found] == [
        "attempted", "next_channel", "attempted", "dead", "redelivered", "delivered",
    ]  # fmt: skip
    assert found[4].text == "my hook is given it once more, as its owner asked"


LAST = "What is being sent just now may tell of it, and nothing after that"
WITHDRAWN = {"withdrawn_at": NOON, "withdrawn_for": "it was acknowledged", "reason": "none left"}


@pytest.mark.parametrize(
    ("state", "texts"),
    [
        ("claimed", ["It is being sent just now, and not again after that: it was acknowledged"]),
        ("waiting", ["Nothing more is sent: it was acknowledged"]),
        ("stopped", ["Nothing more is sent: it was acknowledged"]),
        ("delivered", []),
        ("dead", ["No channel took it: none left; the page shows it"]),
    ],
)
def test_what_was_withdrawn_while_it_was_sent_says_how_that_ended(
    state: str, texts: list[str]
) -> None:
    found = timeline([], [carried(state, last_at=NOON - MINUTE, **WITHDRAWN)], [])
    assert [one.text for one in found] == texts


def test_a_digest_that_is_asked_for_once_more_tells_of_what_it_had_left_out_from_then_on() -> None:
    digest = carried("delivered", kind="digest", left_out_at=NOON - MINUTE)
    tried = [
        attempt(number, result, NOON + number * MINUTE)._replace(number=number)
        for number, result in enumerate(("failed", "delivered", "failed", "delivered"), 1)
    ]
    again = [
        Told(NOON + after * MINUTE, "redelivered", FACTS["redelivered"] | {"after": after})
        for after in (2, 4)
    ]
    found = timeline(again, [digest], tried)
    assert [(one.what, one.at) for one in found if one.attempt] == [
        ("attempted", NOON + 3 * MINUTE),
        ("delivered", NOON + 4 * MINUTE),
    ]


@pytest.mark.parametrize(
    ("state", "last_at", "texts"),
    [
        ("delivered", NOON - MINUTE, []),
        ("delivered", NOON + MINUTE, ["Nothing more is sent: it was acknowledged"]),
        ("dead", None, ["Nothing more is sent: it was acknowledged"]),
        (
            "claimed",
            None,
            [f"{LAST}: it was acknowledged"],
        ),
    ],
)
def test_what_was_withdrawn_from_a_digest_is_told_of_it_as_far_as_it_went(
    state: str, last_at: datetime | None, texts: list[str]
) -> None:
    digest = carried(state, last_at=last_at, **WITHDRAWN)._replace(kind="digest")
    assert [one.text for one in timeline([], [digest], [])] == texts


def test_that_no_other_channel_was_on_is_said_only_while_deliveries_are_known() -> None:
    fired = [Told(NOON, "fired", FIRED)]
    assert timeline(fired, [], [])[-1].text.endswith("; no other channel was on")
    assert timeline(fired, [], [], NOON)[-1].text == "It was handed over to the page with its event"


def test_where_no_channel_could_be_reached_it_says_that_it_goes_on() -> None:
    (found,) = timeline([], [carried("waiting", is_patient=True)], [])
    assert found.text == (
        "No channel could be reached; my hook (hook) is tried again, and so on for a day"
    )


def test_a_channel_that_was_taken_away_is_named_as_such() -> None:
    (found,) = timeline([], [carried("waiting", channel_name=None, is_on=False)], [])
    assert found.text == (
        "a channel that is gone (hook) is off or gone; another channel is tried next,"
        " where one is on"
    )


STANDING = Standing(NOON, NOON, "pending")
MOVED = STANDING._replace(planned_at=NOON + MINUTE, fire_at=NOON + MINUTE)
OFF = STANDING._replace(status="cancelled", reason="the reminder was removed")


@pytest.mark.parametrize(
    ("before", "after", "whats"),
    [
        (None, STANDING, ["planned"]),
        (None, OFF, ["cancelled"]),
        (STANDING, MOVED, ["replanned"]),
        (STANDING, OFF, ["cancelled"]),
        (OFF, STANDING, ["planned"]),
        (STANDING, MOVED._replace(status="cancelled"), ["replanned", "cancelled"]),
        (STANDING, STANDING._replace(nag_times=3), []),
        (OFF, OFF._replace(reason="another"), ["cancelled"]),
        (OFF, OFF, []),
    ],
)
def test_what_a_change_of_the_task_did_is_written_down(
    before: Standing | None, after: Standing, whats: list[str]
) -> None:
    event = make_event(make_task(), NOON)
    found = of_planning(ID, before, after, event)
    assert [one.what for one in found] == whats
    told = [to_builtins(one.facts) for one in found]
    assert {facts["event_id"] for facts in told} <= {str(event.event_id)}


def test_what_the_bus_has_carried_is_not_said_to_be_in_anybodys_list() -> None:
    (found,) = timeline([Told(NOON, "delivered", FACTS["delivered"])], [], [])
    assert found.text == "The bus has carried its event to the services, 12 ms after it fired"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "; 1 repetition was passed over"),
        (3, "; 3 repetitions were passed over"),
    ],
)
def test_a_firing_says_how_many_repetitions_went_by_before_it(number: int, said: str) -> None:
    late = FIRED | {"late_by_seconds": 3700, "passed_over": number}
    fired = timeline([Told(NOON, "fired", late)], [], [])[1]
    assert fired.text == f"It fired, 1:01:40 late: it was missed at its time{said}"

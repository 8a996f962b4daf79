"""Why a reminder came, or why not: what was written down, in plain words and in order. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct, convert

from taskflow.services.reminder.catch_up import MISSED
from taskflow.services.reminder.history import PAGE, Attempt, Carried, Told, end_of

Step = Literal[
    "planned", "replanned", "cancelled", "postponed", "due", "fired", "handed_over", "delivered",
    "attempted", "next_channel", "redelivered", "dead", "stopped", "waiting", "seen", "snoozed",
    "done",
]  # fmt: skip
Outcome = Literal["handed_over", "delivered", "failed", "refused", "gone", "unknown"]
UNNAMED: Final = "a channel that is gone"
ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


class Happening(Struct):
    """Something that happened to a reminder, in words (`text`) and for machines.

    Attributes:
        what: Which kind of step it is.
        channel: `page`, or the kind of the channel.
        channel_name: What its owner calls it.
        attempt: The how-manieth at this channel.
        latency_ms: How long the receiver or the bus took.
        next_at: When the next attempt or repetition follows.
        until: When it fires, after being snoozed or postponed.
        old: When it was to fire before it was replanned.
        new: When it is to fire since then.
        event_id: The event that caused it, or told of it.
        digest_id: What told of it together with others.
    """

    at: datetime
    what: Step
    text: str
    channel: str | None = None
    channel_name: str | None = None
    attempt: int | None = None
    result: Outcome | None = None
    latency_ms: int | None = None
    reason: str | None = None
    next_at: datetime | None = None
    until: datetime | None = None
    old: datetime | None = None
    new: datetime | None = None
    fire_at: datetime | None = None
    late_by_seconds: int | None = None
    repetition: int | None = None
    preset: str | None = None
    event_id: UUID | None = None
    event_type: str | None = None
    digest_id: UUID | None = None
    delivery_id: UUID | None = None


def timeline(
    told: Iterable[Told],
    carried: Sequence[Carried],
    attempts: Iterable[Attempt],
    known_since: datetime = ALWAYS,
) -> list[Happening]:
    """All that happened to a reminder, in order.

    Args:
        told: What was written down of it.
        carried: The deliveries that tell of it.
        attempts: What was attempted of these.
        known_since: Deliveries that were over before are forgotten.
    """
    known = list(told)
    muted = {
        one.facts["event_id"] for one in known if one.what == "fired" and "reason" in one.facts
    }
    found = [
        happening
        for one in known
        if one.what != "delivered" or one.facts.get("event_id") not in muted
        for happening in _told(one)
    ]
    deliveries = {one.id: one for one in carried}
    for one in found:
        if one.what == "handed_over" and not one.reason and one.at > known_since:
            is_alone = deliveries.keys().isdisjoint({one.event_id, one.digest_id})
            one.text += "; no other channel was on" if is_alone else ""
    anew = [(one.facts["delivery_id"], one.facts["after"]) for one in known if "after" in one.facts]
    its_own = [one for one in attempts if _tells(deliveries[one.delivery_id], one, anew)]
    found += _attempted_all(its_own, deliveries, anew)
    found += [one for delivery in carried for one in _standing(delivery)]
    # An end comes after what led to it, should both have been at one instant.
    return sorted(found, key=lambda one: (one.at, one.what in ("dead", "stopped")))


def _tells(carried: Carried, attempt: Attempt, anew: Sequence[tuple[str, int]]) -> bool:
    """Whether an attempt tells of the reminder: a digest goes on without what was withdrawn.

    Once it is asked for again it tells of all that it ever did.
    """
    left_out_at = carried.withdrawn_at or carried.left_out_at
    if carried.kind == "reminder" or left_out_at is None or attempt.at <= left_out_at:
        return True
    return any(name == str(carried.id) and attempt.number > after for name, after in anew)


def _told(told: Told) -> list[Happening]:
    facts = told.facts
    if told.what == "fired":
        return _fired(told.at, facts)
    known = {**facts, "at": told.at, "what": told.what}
    words = _WORDS[told.what]
    if "missed_at" in facts:
        words = _MISSED
    elif told.what == "replanned" and "reason" in facts:
        words = _MOVED
    return [convert(known | {"text": words.format(**_spoken(facts))}, Happening)]


def _fired(at: datetime, facts: Mapping[str, Any]) -> list[Happening]:
    """One line of the table is three steps: it was due, it fired, its event was handed over."""
    fire_at, late = datetime.fromisoformat(facts["fire_at"]), int(facts["late_by_seconds"])
    event = {name: facts[name] for name in ("event_id", "digest_id") if name in facts}
    text = f"It fired, {_length(late)} late" if late else "It fired at its time"
    if "repetition" in facts:
        text += f", as its {_ordinal(facts['repetition'])} repetition"
    if "digest_id" in facts:
        text += "; many were missed, so they are told of together"
    elif late > MISSED.total_seconds():
        text += ": it was missed at its time"
    text += _passed_over(facts.get("passed_over", 0))
    fired = convert({**facts, "at": at, "what": "fired", "text": text}, Happening)
    due = {"at": fire_at, "what": "due", "text": "Its time came"}
    handed = {"at": at, "what": "handed_over", "channel": PAGE, "result": "handed_over", **event}
    handed["text"] = "It was handed over to the page with its event"
    if reason := facts.get("reason"):
        handed |= {"text": f"Nobody is told of it: {reason}", "reason": reason}
    return [convert(due, Happening), fired, convert(handed, Happening)]


def _passed_over(number: int) -> str:
    if number == 0:
        return ""
    return f"; {number} {'repetition was' if number == 1 else 'repetitions were'} passed over"


def _attempted_all(
    attempts: Iterable[Attempt],
    deliveries: Mapping[UUID, Carried],
    anew: Sequence[tuple[str, int]],
) -> list[Happening]:
    """Every attempt, and where the next channel takes over.

    Args:
        attempts: Those of each delivery in their order.
        deliveries: What they belong to.
        anew: Deliveries that were asked for once more, and after how many attempts.
    """
    found: list[Happening] = []
    before: Attempt | None = None
    for one in attempts:
        if before and _takes_over(before, one, anew):
            text = f"{before.channel_name or UNNAMED} did not take it; {one.channel_name} is tried"
            named = (one.channel, one.channel_name)
            found.append(Happening(before.at, "next_channel", text, *named))
        found.append(_attempted(one, deliveries))
        before = one
    return found


def _takes_over(before: Attempt, one: Attempt, anew: Sequence[tuple[str, int]]) -> bool:
    """Whether an attempt is by another channel, which nobody has asked for."""
    if before.delivery_id != one.delivery_id or before.attempt < one.attempt:
        return False
    is_other = (before.channel, before.channel_name) != (one.channel, one.channel_name)
    asked = (after for name, after in anew if name == str(one.delivery_id))
    is_asked = any(before.number <= after < one.number for after in asked)
    return is_other and before.result != "delivered" and not is_asked


def _attempted(attempt: Attempt, deliveries: Mapping[UUID, Carried]) -> Happening:
    name = attempt.channel_name or UNNAMED
    facts: dict[str, Any] = {
        "at": attempt.at,
        "channel": attempt.channel,
        "channel_name": attempt.channel_name,
        "attempt": attempt.attempt,
        "result": attempt.result,
        "latency_ms": attempt.latency_ms,
        "next_at": attempt.next_at,
        "delivery_id": attempt.delivery_id,
    }
    if deliveries[attempt.delivery_id].kind == "digest":
        facts["digest_id"] = attempt.delivery_id
    if attempt.result == "delivered":
        text = f"{name} ({attempt.channel}) took it at attempt {attempt.attempt}: {attempt.detail}"
        return convert(facts | {"what": "delivered", "text": text}, Happening)
    text = f"Attempt {attempt.attempt} by {name} ({attempt.channel}): {attempt.detail}"
    told = {"what": "attempted", "text": text, "reason": attempt.detail}
    return convert(facts | told, Happening)


def _standing(carried: Carried) -> list[Happening]:
    """What is to be said of where a delivery stands, beside its attempts."""
    facts: dict[str, Any] = {
        "channel": carried.channel,
        "channel_name": carried.channel_name,
        "reason": carried.reason,
        "delivery_id": carried.id,
    }
    name = f"{carried.channel_name or UNNAMED} ({carried.channel})"
    if end := end_of(carried):
        text = _WORDS[end.what] if carried.state != "claimed" else _LAST[carried.kind]
        return [
            convert(facts | {**end._asdict(), "text": text.format(reason=end.reason)}, Happening)
        ]
    if carried.state == "delivered":
        return []
    facts |= {"at": carried.next_at, "what": "waiting"}
    if carried.state == "claimed":
        text = f"It is being sent by {name}; by this time it is known what has come of it"
        return [convert(facts | {"text": text}, Happening)]
    text = f"{name} is tried next"
    if carried.is_patient:
        text = f"No channel could be reached; {name} is tried again, and so on for a day"
    if not carried.is_on:
        text = f"{name} is off or gone; another channel is tried next, where one is on"
    return [convert(facts | {"next_at": carried.next_at, "text": text}, Happening)]


_WORDS: Final[Mapping[str, str]] = {
    "planned": "It was planned for {fire_at}",
    "replanned": "It was moved from {old} to {new}, by {event_type}",
    "cancelled": "It was cancelled: {reason}",
    "postponed": "It was postponed until {until}: {reason}",
    "delivered": "The bus has carried its event to the services, {latency} after it fired",
    "seen": "It was seen",
    "snoozed": "It was snoozed until {until}",
    "done": "Nobody needs it any more: {reason}",
    "dead": "No channel took it: {reason}; the page shows it",
    "stopped": "Nothing more is sent: {reason}",
    "redelivered": "{channel_name} is given it once more, as its owner asked",
}
# A digest that is being sent may have been begun before or after it was withdrawn from it.
_LAST: Final[Mapping[str, str]] = {
    "reminder": "It is being sent just now, and not again after that: {reason}",
    "digest": "What is being sent just now may tell of it, and nothing after that: {reason}",
}

_MOVED: Final = "It was moved from {old} to {new}: {reason}"
_MISSED: Final = "It was missed, and postponed until {until}: {reason}"


def _spoken(facts: Mapping[str, Any]) -> Mapping[str, object]:
    """Facts as a sentence has them."""
    times = {
        name: f"{datetime.fromisoformat(facts[name]):%d %B %Y %H:%M:%S} UTC"
        for name in ("fire_at", "old", "new", "until")
        if name in facts
    }
    return {**facts, **times, "latency": f"{facts.get('latency_ms', 0)} ms"}


def _length(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else str(timedelta(seconds=seconds))  # noqa: PLR2004


def _ordinal(number: int) -> str:
    ending = "th" if number in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"

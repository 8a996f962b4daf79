"""A note is encoded once, whoever is told of it."""

from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from tests.notes import NOW, make_note
from tests.planning import make_event

from taskflow.events.payloads import Digest, ReminderFacts
from taskflow.services.notification import frames


def test_a_note_is_encoded_once_for_all_streams() -> None:
    note = make_note(7)
    assert note.encoded is note.encoded
    assert note.frame() == b"id: 7\nevent: task.updated\ndata: " + note.encoded + b"\n\n"


def test_a_note_that_another_replica_tells_of_is_not_encoded_again() -> None:
    note = make_note(None)
    told = frames.decode(note.encoded)
    assert told == note
    assert told.encoded is note.encoded


def test_a_changed_note_is_not_taken_for_the_one_that_it_was() -> None:
    note = make_note(1)
    before = note.encoded
    assert frames.decode(replace(note, id=2).encoded).id == 2
    assert frames.decode(before).id == 1


def fired(late: int, digest: Digest | UnsetType = UNSET) -> frames.Note:
    task = make_note(1).task
    facts = ReminderFacts(task.id, None, None, NOW, late, digest=digest)
    event = make_event(task, NOW, "reminder.triggered")
    return frames.note_of(replace(event, reminder=facts))


def test_a_reminder_says_that_it_is_late_where_anybody_would_notice() -> None:
    assert fired(59).body == ""
    assert fired(3660).body == "Late by 1:01:00"


def test_the_first_of_a_digest_says_how_many_more_were_missed() -> None:
    assert fired(60, Digest(UUID(int=1), 1, 7)).body == "Late by 0:01:00; 6 more were missed"
    assert fired(60, Digest(UUID(int=1), 2, 7)).body == "Late by 0:01:00"

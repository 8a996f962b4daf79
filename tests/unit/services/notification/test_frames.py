"""A note is encoded once, whoever is told of it."""

from msgspec.structs import replace
from tests.notes import make_note

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

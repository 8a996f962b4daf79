"""Receivers' words, whatever they hold."""

from hypothesis import given
from hypothesis import strategies as st

from taskflow.services.reminder.channels.words import MOST_SAID, in_a_line


@given(st.text(st.characters(), max_size=3 * MOST_SAID))
def test_what_a_receiver_says_becomes_a_line_that_anything_can_hold(said: str) -> None:
    line = in_a_line(said)
    assert line.isprintable()
    assert len(line) <= MOST_SAID
    assert line.encode().decode() == line
    assert in_a_line(line) == line


def test_plain_words_stay_as_they_are_and_lines_become_one() -> None:
    assert in_a_line("250 Gru\u00df OK") == "250 Gru\u00df OK"
    assert in_a_line("no\x00\r\nX-Evil: \u202eyes\ud800") == "no X-Evil: yes"
    assert in_a_line("abcdef", 3) == "abc"

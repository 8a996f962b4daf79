"""A checklist starts over, and nothing else of a description changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.tasks.checklists import unchecked


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("- [x] a\n* [X] b\n+ [x] c\n12) [x] d", "- [ ] a\n* [ ] b\n+ [ ] c\n12) [ ] d"),
        ("  - [x] below\r\n> - [x] quoted", "  - [ ] below\r\n> - [ ] quoted"),
        ("- [ ] a\n- [y] b\n-[x] c\n[x] d\n- [x]e", "- [ ] a\n- [y] b\n-[x] c\n[x] d\n- [x]e"),
        ("- [x] see [x] there", "- [ ] see [x] there"),
        ("```\n- [x] code\n```\n- [x] a", "```\n- [x] code\n```\n- [ ] a"),
        ("~~~~\n~~~\n- [x] code\n~~~~\n- [x] a", "~~~~\n~~~\n- [x] code\n~~~~\n- [ ] a"),
    ],
)
def test_items_are_still_to_do(written: str, expected: str) -> None:
    assert unchecked(written) == expected


@given(st.text(alphabet="-*[]xX \n`~1.a", max_size=60))
def test_only_marks_change_and_a_second_time_nothing(description: str) -> None:
    found = unchecked(description)
    assert found.replace("[ ]", "[x]").lower() == description.replace("[ ]", "[x]").lower()
    assert unchecked(found) == found

"""Which titles say the same, in whatever way they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.services.recurring_processor.detection.titles import are_near, words_of

SAME = [
    ("Water the plants", "plants: WATER!"),
    ("Water the plants", "Watering plant"),
    ("Pay rent (March)", "paying rent 2026-04"),
    ("Weekly report KW 12", "weekly reports, week 13"),
    ("Blume gießen", "BLUMEN GIESSEN"),
    ("Café réserver", "cafe\u0301 reserver"),
    ("Оплатить квартиру", "оплата квартиры"),
    ("给植物浇水", "给植物浇水!"),
    ("Ring Anna's mother", "ring Anna mother"),
    ("Ｗａｔｅｒ plants", "water plants"),  # noqa: RUF001 - wide letters are meant
    ("Make tea", "making tea"),
    ("Bills", "bill"),
]
OTHERS = [
    ("Call Al", "Call Jo"),
    ("Water the plants", "Feed the cat"),
    ("Buy TV", "Buy PC"),
    ("给植物浇水", "修理自行车"),
    ("March", "April"),
    ("Invoice Acme", "Invite Acme"),
    ("Repair the car", "Report the car"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_case_order_endings_accents_and_dates_make_no_difference(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_things_stay_apart(one: str, other: str) -> None:
    assert words_of(one) != words_of(other)


def test_a_title_without_words_says_nothing() -> None:
    assert words_of("!?… 🎉") == ()
    assert not are_near((), ())


def test_a_title_of_dates_alone_keeps_them() -> None:
    assert words_of("Monday") == words_of("monday!")
    assert words_of("Monday") != words_of("Friday")


def test_near_are_titles_that_share_most_words() -> None:
    assert are_near(words_of("water plants"), words_of("water big plants"))
    assert not are_near(words_of("water plants"), words_of("water cat"))


@given(st.text(max_size=300))
def test_any_text_has_words_and_in_capitals_the_same_ones_where_they_come_back(title: str) -> None:
    words = words_of(title)
    assert words == tuple(sorted(set(words)))
    if title.upper().lower() == title.lower() == title.casefold():
        assert words_of(title.upper()) == words


@given(st.lists(st.sampled_from(["water", "plants", "café", "Müll", "цветы"]), min_size=1))
def test_order_and_repetition_make_no_difference(words: list[str]) -> None:
    assert words_of(" ".join(words)) == words_of(" - ".join(sorted(set(words), reverse=True)))

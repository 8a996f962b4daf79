"""Tells a word that is almost that of a day, a month or how often: “fridy”, “montly”. Pure.

It is never read as that word: it may be a name. But what stands beside it is not taken alone.
"""

from functools import lru_cache
from typing import Final

from taskflow.tasks.phrases.vocabulary import DAY_NAMES, MONTH_NAMES

_DAYS: Final = ("today", "tomorrow", *(name.lower() for name in DAY_NAMES))
# Shorter ones are too near to other words: “match”, “dairy”.
_MONTHS: Final = tuple(name.lower() for name in MONTH_NAMES if len(name) > len("april"))
_OFTEN: Final = (
    "hourly",
    "weekly",
    "monthly",
    "quarterly",
    "yearly",
    "annually",
    "everyday",
    "daily",
)
# What people write for them that is farther away.
_SHORT_FOR: Final = {
    "2day": "today", "tdy": "today", "2morrow": "tomorrow", "2moro": "tomorrow",
    "2mrw": "tomorrow", "2mrow": "tomorrow", "morrow": "tomorrow", "tmoro": "tomorrow",
    "tmorrow": "tomorrow", "tmrow": "tomorrow", "tomo": "tomorrow", "tomoz": "tomorrow",
    "tu": "tuesday", "wedn": "wednesday", "th": "thursday", "thrs": "thursday", "fr": "friday",
}  # fmt: skip
_MEANT: Final = (*_DAYS, *_MONTHS, *_OFTEN)
# “wensday” lacks two letters.
_LONG: Final = len("wednesday")
_SHORT: Final = len("today")
_SHORTEST: Final = len("tody")


def nearest(text: str) -> str | None:
    """The word of a day, a month or how often that a word almost is; None where it is none."""
    return _SHORT_FOR.get(text.lower()) or _nearest(text.lower())


def is_nearly(text: str, meant: str) -> bool:
    """Whether two letters changed places, or one is too many, lacks or is another.

    Of long words two letters may be, of short ones no other: “dairy” is not daily. The first and
    the last are right, or “Frida” were a Friday.
    """
    if text == meant or text[:1] != meant[:1]:
        return False
    if sorted(text) == sorted(meant):
        return True
    if len(text) == len(meant) <= _SHORT:
        return False
    allowed = 2 if len(meant) >= _LONG else 1
    is_near = abs(len(text) - len(meant)) <= allowed and text[-1] == meant[-1]
    return is_near and _distance(text, meant) <= allowed


@lru_cache(maxsize=1024)
def _nearest(text: str) -> str | None:
    if len(text) < _SHORTEST or not text.isalpha():
        return None
    return next((meant for meant in _MEANT if is_nearly(text, meant)), None)


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, taken out or changed to make one word of another."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        above, row = row, [place]
        for column, wanted in enumerate(other, 1):
            changed = above[column - 1] + (letter != wanted)
            row.append(min(above[column] + 1, row[-1] + 1, changed))
    return row[-1]

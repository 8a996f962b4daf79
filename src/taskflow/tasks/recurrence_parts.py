"""The parts of an RRULE: what each takes, and which may stand together (RFC 5545 section 3.3.10).

Pure. Nothing recurs more often than hourly.
"""

import re
from collections.abc import Mapping
from typing import Final

from taskflow.base.errors import Invalid

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_RULE: Final = 1_000
MAX_COUNT: Final = 10_000
MAX_INTERVAL: Final = 10_000
MAX_ORDINAL: Final = 53
RULE: Final = "recurrence.rule"
UNITS: Final = {"h": "HOURLY", "d": "DAILY", "w": "WEEKLY", "m": "MONTHLY", "y": "YEARLY"}
TOO_OFTEN: Final = "nothing may recur more often than hourly"
DAY: Final = re.compile(r"([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)")
# What is understood, for whoever wrote something else.
FORMS: Final = (
    "write hourly · daily · weekly:MON,WED,FRI · monthly:15 · yearly · custom:3d, "
    "or a rule of RFC 5545 such as FREQ=MONTHLY;BYDAY=-1FR"
)
# The parts of a canonical rule, in their order.
ORDER: Final = (
    "FREQ", "INTERVAL", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR",
    "BYMINUTE", "BYSECOND", "BYSETPOS", "WKST",
)  # fmt: skip
# The least and greatest number of each part that lists some, and whether it may be negative.
_NUMBERS: Final = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 60, False),
    "BYSETPOS": (1, 366, True),
}
_KNOWN: Final = frozenset((*ORDER, "COUNT", "UNTIL"))
_ONLY_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY", "HOURLY"),
    "BYMONTHDAY": ("YEARLY", "MONTHLY", "DAILY", "HOURLY"),
}


def split(text: str) -> dict[str, str]:
    """The parts of an RRULE by name, checked one by one.

    Raises:
        Invalid: a part is wrong, or stands beside one that it cannot stand beside.
    """
    if len(text) > MAX_RULE:
        raise Invalid.field(RULE, f"must have at most {MAX_RULE} characters", MAX_RULE)
    position = 0
    parts: dict[str, str] = {}
    for piece in text.split(";"):
        name, _, value = piece.strip().upper().partition("=")
        if name not in _KNOWN:
            raise Invalid.field(RULE, f"“{piece.strip()}” is not understood; {FORMS}", position)
        if name in parts:
            raise Invalid.field(RULE, f"{name} stands here twice", position)
        blanks = len(piece) - len(piece.lstrip())
        parts[name] = _checked(name, value, position + blanks)
        position += len(piece) + 1
    _check_together(parts)
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    return parts


def _checked(name: str, value: str, position: int) -> str:  # noqa: PLR0911 - one a kind of part
    """The canonical value of a part."""
    at = position + len(name) + 1
    if name in _NUMBERS:
        return _checked_numbers(name, value, at)
    if name == "FREQ" and value in UNITS.values():
        return value
    if name == "FREQ" and value in ("MINUTELY", "SECONDLY"):
        raise Invalid.field(RULE, TOO_OFTEN, at)
    if name in ("INTERVAL", "COUNT") and re.fullmatch(r"[0-9]{1,6}", value):
        limit = MAX_INTERVAL if name == "INTERVAL" else MAX_COUNT
        if 1 <= int(value) <= limit:
            return str(int(value))
        raise Invalid.field(RULE, f"{name} must be from 1 to {limit}", at)
    if name == "BYDAY" and all(_is_day(day) for day in value.split(",")):
        return ",".join(dict.fromkeys(day.replace("+", "") for day in value.split(",")))
    if (name == "WKST" and value in WEEKDAYS) or name == "UNTIL":
        return value
    raise Invalid.field(RULE, f"{name} takes nothing like “{value}”", at)


def _checked_numbers(name: str, value: str, position: int) -> str:
    least, most, may_be_negative = _NUMBERS[name]
    numbers: list[int] = []
    for text in value.split(","):
        is_number = re.fullmatch(r"[+-]?[0-9]{1,3}", text)
        number = int(text) if is_number else most + 1
        if not least <= abs(number) <= most or (number < 0 and not may_be_negative):
            raise Invalid.field(RULE, f"{name} takes numbers from {least} to {most}", position)
        # A leap second, which no clock here has, is the one before it (RFC 5545 section 3.3.12).
        numbers.append(59 if name == "BYSECOND" and number == 60 else number)  # noqa: PLR2004
        position += len(text) + 1
    return ",".join(str(number) for number in dict.fromkeys(numbers))


def _check_together(parts: Mapping[str, str]) -> None:
    """Which parts may stand beside which (RFC 5545 section 3.3.10)."""
    frequency = parts.get("FREQ")
    if frequency is None:
        raise Invalid.field(RULE, "FREQ is missing", 0)
    for name, allowed in _ONLY_IN.items():
        if name in parts and frequency not in allowed:
            raise Invalid.field(RULE, f"{name} cannot stand in a {frequency} rule", 0)
    has_ordinals = any(day[:-2] for day in parts.get("BYDAY", "").split(","))
    if has_ordinals and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise Invalid.field(RULE, "a weekday has no ordinal in this rule", 0)
    if "BYSETPOS" in parts and not any(
        name.startswith("BY") and name != "BYSETPOS" for name in parts
    ):
        raise Invalid.field(RULE, "BYSETPOS needs another BY part", 0)
    if "," in parts.get("BYMINUTE", "") or "," in parts.get("BYSECOND", ""):
        raise Invalid.field(RULE, TOO_OFTEN, 0)


def _is_day(text: str) -> bool:
    """Whether a text is a weekday, with an ordinal that a month or year may have, or without."""
    match = DAY.fullmatch(text)
    return match is not None and abs(int(match[1] or 0)) <= MAX_ORDINAL

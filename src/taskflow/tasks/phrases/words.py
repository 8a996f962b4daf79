"""Splits English text into the words that the grammar of phrases knows, each with its place. Pure.

A word means the same wherever it stands; what it means beside others is for the grammar. What we do
not know is a word too (`UNKNOWN`), so that the grammar can say where it stopped understanding.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from taskflow.tasks.phrases.vocabulary import LONG_ORDINALS, WORDS

MAX_PHRASE: Final = 500
_TENS: Final = "|".join(word.replace("-", "[- ]") for word in LONG_ORDINALS)
_PATTERN: Final = re.compile(
    rf"""
    (?P<DATE>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?![\w-]))
  | (?P<TIME>[0-9]{{1,2}}(?:[:.][0-9]{{2}})?\ ?(?:[ap]m|[ap]\.m\.)(?!\w)
           | [0-9]{{1,2}}:[0-9]{{2}}(?![\w:]))
  | (?P<NUMERIC>[0-9]{{1,4}}[/.][0-9]{{1,2}}(?:[/.][0-9]{{1,4}})?(?!\w))
  | (?P<ORDINAL>[0-9]{{1,3}}(?:st|nd|rd|th)(?!\w))
  | (?P<SPAN>[0-9]{{1,9}}(?:mins?|hrs?|[mhdw])(?!\w))
  | (?P<TIMES>[0-9]{{1,5}}x(?!\w))
  | (?P<NUMBER>[0-9]{{1,6}}(?!\w))
  | (?P<TOLAST>(?<=[\ \-])to[\ \-]last(?!\w))
  | (?P<WORKDAY>(?:working|business|work)\ days?(?!\w))
  | (?P<TENS>(?:{_TENS})(?!\w))
  | (?P<WORD>[^\W\d_]+(?:['\u2019][^\W\d_]+)*(?:(?<=every)!|(?!\w)))
  | (?P<AT>(?<!\w)@(?=\ ?[0-9]))
  | (?P<SEP>[,&+])
  | (?P<TO>[-\u2013\u2014])
  | (?P<UNKNOWN>[\w]+|\S)
    """,
    re.VERBOSE | re.IGNORECASE,
)  # fmt: skip
# A comma before one of these ends a part, and lists nothing.
_BEGINNINGS: Final = frozenset(
    ("AT", "UNTIL", "FOR", "STARTING", "FROM", "IN", "ON", "EXCEPT", "AFTER", "EVERY", "OF",
     "SKIPPING", "IF", "YEAR", "AND")
)  # fmt: skip
# An abbreviation's full stop, and a sentence's.
_STOPPED: Final = frozenset(("NAME", "MONTH", "DAY", "WEEK", "MONTHS", "YEARS", "HOUR", "TIME"))


class Word(NamedTuple):
    """A word of the grammar.

    Attributes:
        kind: Its terminal.
        value: What it means, in digits where it is a number: `2` for “second”, `17:00` for “5pm”.
        start: The index of its first character.
        end: The index after its last.
        text: The word as it was written.
    """

    kind: str
    value: str
    start: int
    end: int
    text: str


def words_of(text: str) -> list[Word]:
    """The words of a text, in order; what has no meaning of its own (“the”) is left out."""
    return list(_listed(list(_merged(list(_scanned(text))))))


def _scanned(text: str) -> Iterator[Word]:
    for match in _PATTERN.finditer(text):
        kind, raw = match.lastgroup or "UNKNOWN", match.group()
        for word in _meant(kind, raw.lower()):
            yield Word(*word, match.start(), match.end(), raw)


def _meant(kind: str, raw: str) -> Iterator[tuple[str, str]]:
    """The terminal of a raw word and its value."""
    if kind in ("WORD", "TENS"):
        known = WORDS.get(raw.replace("\u2019", "'").replace(" ", "-"), ("UNKNOWN", raw))
        if known[0]:
            yield known
    elif kind == "TIME":
        yield kind, _clock(raw)
    elif kind == "NUMBER":
        yield ("YEAR" if len(raw) == len("2026") else kind), raw
    elif kind == "ORDINAL":
        yield kind, raw[:-2]
    elif kind == "SPAN":
        yield kind, raw.rstrip("inrs")
    elif kind == "TIMES":
        yield "NUMBER", raw[:-1]
        yield kind, raw
    else:
        yield kind, raw


def _clock(raw: str) -> str:
    """A time as `17:30`; one that no clock shows stays as it is, and is refused later."""
    digits, half = re.match(r"([0-9:.]+) ?([ap]?)", raw).groups()  # type: ignore[union-attr]
    hour, _, minute = digits.replace(".", ":").partition(":")
    if not half:
        return f"{int(hour)}:{minute}"
    if not 1 <= int(hour) <= 12:  # noqa: PLR2004 - as on a clock
        return raw
    return f"{int(hour) % 12 + (12 if half == 'p' else 0)}:{minute or '00'}"


def _merged(words: list[Word]) -> Iterator[Word]:
    """The words without those that another one makes superfluous."""
    before: Word | None = None
    for index, word in enumerate(words):
        following = words[index + 1].kind if index + 1 < len(words) else ""
        if _is_superfluous(word, before, following):
            continue
        yield word
        before = word


def _is_superfluous(word: Word, before: Word | None, following: str) -> bool:
    last = before.kind if before else ""
    if word.kind == "UNKNOWN" and word.value == ".":
        return last in _STOPPED and before is not None and before.end == word.start
    if word.kind == "SEP":
        return following in _BEGINNINGS
    if word.kind == "TO":
        return word.value == "-" and (
            following == "TOLAST" or (last, following) == ("ORDINAL", "LAST")
        )
    return False


def _listed(words: list[Word]) -> Iterator[Word]:
    """The same words, where “and” lists on also before “at 5pm” and “every friday”."""
    for index, word in enumerate(words):
        earlier = [one.kind for one in words[max(index - 2, 0) : index]]
        following = words[index + 1].kind if index + 1 < len(words) else ""
        joins = earlier[-1:] in (["AND"], ["SEP"])
        if joins and word.kind == "AT" and earlier[0] == "TIME" and following in ("TIME", "NUMBER"):
            continue
        if joins and word.kind in ("EVERY", "ON") and earlier[0] == "NAME" and following == "NAME":
            continue
        yield word._replace(kind="SEP") if word.kind == "AND" else word

"""What a title says, whatever way it is written: the words that make two titles the same. Pure.

Case, width, accents, punctuation, order, repetition, numbers, names of days and months, and the
commonest articles make no difference, nor do endings. A word is cut to its beginning, four letters
of it: over many languages that finds as much as a stemmer of each of them (McNamee and Mayfield,
"Character N-Gram Tokenization for European Language Text Retrieval", 2004), and it needs not know
the language of two words. Scripts without capital letters are left whole: there an ending is
rarely what differs, and a few characters say much.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final

Words = tuple[str, ...]
"""The words of a title, cut and in order; the same title has the same."""


def _each(text: str) -> frozenset[str]:
    return frozenset(text.split())


BEGINNING: Final = 4
MOST_WORDS: Final = 12
# From this share of all their words on, two titles speak of the same thing.
NEAR: Final = 0.6
_SHORTEST: Final = 3
# What begins with a vowel and is no part of a word of three letters; Latin, then Cyrillic.
_ENDINGS: Final = _each(
    "e a o i y es as os is en ed ing \u0438 \u044b \u0443 \u0430 \u0435 \u043e \u043e\u0439"
)
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_APOSTROPHE: Final = re.compile(r"['\u2019][^\W_]{0,2}$")
_ARTICLES: Final = _each(
    """
    a an the and or of to for my at in on with der die das den dem des ein eine einen und zu im am
    le la les l un une et de du des au el los las una y del il lo gli i e o os as um uma het een en
    """
)
# English, German, French, Spanish, Italian, Portuguese and Dutch, without accents.
_DATES: Final = _each(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat
    sun january february march april may june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec week month
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar februar marz mai
    juni juli oktober dezember okt dez kw woche
    lundi mardi mercredi jeudi vendredi samedi dimanche janvier fevrier mars avril juin juillet aout
    septembre octobre novembre decembre semaine
    lunes martes miercoles jueves viernes sabado domingo enero febrero marzo abril mayo junio julio
    agosto septiembre octubre noviembre diciembre semana
    lunedi martedi mercoledi giovedi venerdi domenica gennaio febbraio aprile maggio giugno luglio
    settembre ottobre dicembre
    segunda terca quarta quinta sexta janeiro fevereiro marco maio junho julho setembro outubro
    dezembro
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari maart mei augustus
    """
)


def words_of(title: str) -> Words:
    """The words of a title; empty where it has none."""
    plain = list(_plain(title))
    telling = [word for word in plain if word not in _ARTICLES and not _is_date(word)]
    return tuple(sorted({_cut(word) for word in (telling or plain)})[:MOST_WORDS])


def are_near(one: Words, other: Words) -> bool:
    """Whether two titles say so much the same that a person would not want to be asked twice."""
    ours, theirs = set(one), set(other)
    return bool(ours) and len(ours & theirs) >= NEAR * len(ours | theirs)


def is_near_any(words: Words, others: Collection[Words]) -> bool:
    """Whether a title is near to one of several."""
    return any(are_near(words, other) for other in others)


def _plain(title: str) -> Iterator[str]:
    """The title's words in small letters without accents."""
    # Accents go before and after: folding case may bring some forth.
    folded = _without_accents(_without_accents(title).casefold())
    for word in _WORD.findall(folded):
        yield _APOSTROPHE.sub("", word)


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(one for one in apart if _stays(one)))


def _stays(character: str) -> bool:
    """Accents of scripts with capitals lie in one block; in other scripts marks are letters."""
    return not "\u0300" <= character <= "\u036f"


def _is_date(word: str) -> bool:
    return word in _DATES or any(character.isdecimal() for character in word)


def _cut(word: str) -> str:
    """The beginning of a word, without an ending that is part of it."""
    if word.upper() == word.lower():
        return word
    if word[_SHORTEST:] in _ENDINGS:
        return word[:_SHORTEST]
    start = word[:BEGINNING]
    is_double = len(start) == BEGINNING and start[-1] == start[-2]
    is_plural = len(word) == BEGINNING and start[-1] == "s"
    return start[:-1] if is_double or is_plural else start

"""The words of phrases and what they mean: a terminal of the grammar and a value. Pure."""

from collections.abc import Iterator
from typing import Final

DAY_NAMES: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAY_FORMS: Final = (
    "mon", "tue tues", "wed weds", "thu thur thurs", "fri", "sat", "sun",
)  # fmt: skip
_MONTH_FORMS: Final = (
    "jan", "feb", "mar", "apr", "", "jun", "jul", "aug", "sep sept", "oct", "nov", "dec",
)  # fmt: skip
_NUMBERS: Final = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty",
)  # fmt: skip
_ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip
LONG_ORDINALS: Final = (*(f"twenty-{one}" for one in _ORDINALS[:9]), "thirty-first")
# By terminal; a word's value is itself where it is not said after a colon.
_PLAIN: Final = {
    "EVERY": "every each every!:!",
    "OTHER": "other alternate",
    "AND": "and",
    "OR": "or",
    "AT": "at",
    "IN": "in during",
    "OF": "of",
    "ON": "on",
    "FROM": "from",
    "BETWEEN": "between",
    "TO": "to through thru",
    "UNTIL": "until till til",
    "FOR": "for",
    "TIMES": "times time occurrences occurrence",
    "STARTING": "starting start starts beginning",
    "EXCEPT": "except excluding",
    "AFTER": "after",
    "DONE": "done completion completing completed finished finishing doing",
    "FILLER": "it's its is was being",
    "SKIPPING": "skipping",
    "SHORT": "short shorter",
    "PER": "a an per",
    "ONCE": "once:1",
    "TWICE": "twice:2 thrice:3",
    "NEXT": "next nxt",
    "THIS": "this",
    "END": "end",
    "TODAY": "today:0 tomorrow:1 tmr:1 tmrw:1 tmw:1 tmrrw:1 tomorow:1 tommorow:1 tommorrow:1",
    "TONIGHT": "tonight tonite",
    "LAST": "last final",
    "IF": "if",
    "THAT": "that it",
    "HOUR": "hour hours hr hrs",
    "MINUTE": "minute minutes min mins",
    "DAY": "day days",
    "WEEK": "week weeks wk wks",
    "MONTHS": "month months",
    "QUARTER": "quarter quarters",
    "YEARS": "year years yr yrs",
    "FORTNIGHT": "fortnight fortnights",
    "ADVERB": "hourly daily everyday:daily weekly fortnightly monthly quarterly yearly "
    "annually:yearly",
    "WORKDAY": "weekday weekdays workday workdays",
    "WEEKEND": "weekend weekends",
    "TIME": "noon:12:00 midday:12:00 midnight:0:00",
    "REMIND": "remind",
    "ME": "me",
    "BEFORE": "before earlier prior",
    "BY": "by due",
    "TWOFOLD": "biweekly bimonthly biannual biannually semiweekly semimonthly",
    "OCLOCK": "o'clock",
    # Nothing is meant by these.
    "": "the",
}


def _words() -> Iterator[tuple[str, tuple[str, str]]]:
    for kind, forms in _PLAIN.items():
        for form in forms.split():
            word, _, value = form.partition(":")
            yield word, (kind, value or word)
    for number, word in enumerate(_NUMBERS, 1):
        yield word, ("NUMBER", str(number))
    for number, word in enumerate(_ORDINALS, 1):
        yield word, ("ORDINAL", str(number))
    for number, word in zip((*range(21, 30), 31), LONG_ORDINALS, strict=True):
        yield word, ("ORDINAL", str(number))
    yield "thirtieth", ("ORDINAL", "30")


def _names() -> Iterator[tuple[str, tuple[str, str]]]:
    """Weekdays, also several of one (“mondays”), and months."""
    for index, (name, short) in enumerate(zip(DAY_NAMES, _DAY_FORMS, strict=True)):
        for word in (name.lower(), *short.split()):
            yield f"{word}s", ("NAMES", str(index))
            yield word, ("NAME", str(index))
    for index, (name, short) in enumerate(zip(MONTH_NAMES, _MONTH_FORMS, strict=True), 1):
        for word in (name.lower(), *short.split()):
            yield word, ("MONTH", str(index))


WORDS: Final = dict((*_names(), *_words()))

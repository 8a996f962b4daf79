"""Parses words by the grammar of phrases: LALR(1), so in one pass, with one reading at most.

A grammar with two readings for anything is refused when it is loaded (`strict`). The first word
that cannot follow the words before it is where understanding ends. Pure, but that the grammar is
read from the file beside this one, once.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal

from lark import Lark, Token, Tree, UnexpectedToken
from lark.lexer import Lexer
from lark.parsers.lalr_interactive_parser import InteractiveParser

from taskflow.tasks.phrases.numeric import numeric_hint
from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.words import Word

Start = Literal["recurrence", "due", "remind"]
Branch = Tree[Token]
_END: Final = Token("$END", "")
_HINTS: Final = {
    "TWOFOLD": "“{}” has more than one reading; write for example “every 2 weeks” "
    "or “every 6 months”, or name the days",
    "YEAR": "the year {} does not fit here",
}


class _Words(Lexer):
    """Nothing is left to split: words are fed one by one."""

    def __init__(self, lexer_conf: object) -> None:
        del lexer_conf

    def lex(self, *_: object) -> Iterator[Token]:
        yield from ()


def tree_of(words: Sequence[Word], start: Start) -> Branch:
    """The structure of a whole text.

    Raises:
        Invalid: a word does not fit, or something is missing at the end.
    """
    parsing = _begun(start)
    for word in words:
        try:
            parsing.feed_token(_token(word))
        except UnexpectedToken:
            raise _unexpected(word) from None
    try:
        tree: Branch = parsing.feed_token(_END)
    except UnexpectedToken:
        end = words[-1].end if words else 0
        raise misread("something is missing at the end", end) from None
    return tree


def whole_beginnings(words: Sequence[Word], start: Start) -> list[int]:
    """How many of the words, from the first on, make a whole text: each number that does."""
    parsing, found = _begun(start), []
    for index, word in enumerate(words, 1):
        try:
            parsing.feed_token(_token(word))
        except UnexpectedToken:
            break
        if _is_whole(parsing):
            found.append(index)
    return found


def _is_whole(parsing: InteractiveParser) -> bool:
    try:
        parsing.copy(deepcopy_values=False).feed_token(_END)  # type: ignore[no-untyped-call]
    except UnexpectedToken:
        return False
    return True


def _token(word: Word) -> Token:
    return Token(word.kind, word.value, word.start, end_pos=word.end)


def _unexpected(word: Word) -> Exception:
    if word.kind == "NUMERIC":
        return misread(numeric_hint(word.text), word.start)
    hint = _HINTS.get(word.kind, "“{}” is not understood here")
    return misread(hint.format(word.text), word.start)


def _begun(start: Start) -> InteractiveParser:
    return _grammar().parse_interactive("", start=start)


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    return Lark.open(
        "grammar.lark",
        rel_to=__file__,
        parser="lalr",
        lexer=_Words,
        strict=True,
        start=["recurrence", "due", "remind"],
        propagate_positions=True,
        maybe_placeholders=False,
    )

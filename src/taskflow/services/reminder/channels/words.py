"""What receivers say, as it can be kept and shown wherever it goes. Pure."""

from typing import Final

MOST_SAID: Final = 500


def in_a_line(said: str, most: int = MOST_SAID) -> str:
    """A receiver's words in one line of printable characters, of at most so many."""
    # Cut first: whoever says much is not read to the end.
    plain = "".join(one if one.isprintable() else " " for one in said[: 2 * most])
    return " ".join(plain.split())[:most]

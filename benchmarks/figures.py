"""Figures: samples, one a repetition, and the table that shows their median and spread. Pure."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, Literal

from msgspec import Struct

HEAD: Final = ("goal", "what", "who", "median", "lowest … highest", "unit", "target", "reached")
PLACES: Final = ((100, 0), (10, 1), (1, 2))


class Target(Struct, frozen=True):
    """What a goal asks of a figure's median."""

    kind: Literal["at most", "at least"]
    limit: float

    def is_reached(self, value: float) -> bool:
        """Whether a value is within the limit."""
        return value <= self.limit if self.kind == "at most" else value >= self.limit


class Figure(Struct, frozen=True, kw_only=True):
    """One thing that was measured of one contender, once in every repetition."""

    goal: int
    what: str
    who: str
    unit: str
    samples: tuple[float, ...]
    target: Target | None = None

    @property
    def median(self) -> float:
        """What is reported."""
        return median(self.samples)

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is met; None where the goals name none."""
        return self.target.is_reached(self.median) if self.target else None


class Report(Struct, frozen=True):
    """What one benchmark found; `notes` are the conditions that a reader must know."""

    goal: int
    title: str
    figures: list[Figure]
    notes: list[str]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Repetition by repetition, so that what slowed both of a pair cancels out."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))


def markdown(report: Report) -> str:
    """A report as a heading, a table and its notes."""
    lines = [f"### Goal {report.goal}: {report.title}", "", _line(HEAD), _line(["---"] * len(HEAD))]
    lines += [_line(_cells(figure)) for figure in report.figures]
    lines += ["", *(f"- {note}" for note in report.notes), ""]
    return "\n".join(lines)


def _cells(figure: Figure) -> list[str]:
    target = f"{figure.target.kind} {_number(figure.target.limit)}" if figure.target else ""
    reached = {None: "", True: "yes", False: "**no**"}[figure.is_reached]
    spread = f"{_number(min(figure.samples))} … {_number(max(figure.samples))}"
    middle = _number(figure.median)
    return [str(figure.goal), figure.what, figure.who, middle, spread, figure.unit, target, reached]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    places = next((places for least, places in PLACES if abs(value) >= least), 3)
    return f"{value:,.{places}f}"

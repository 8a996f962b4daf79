"""Spans of traces, for whoever collects them; where nobody does, all of this does nothing.

A span takes its place in a trace from the one that is present in its task, or from a W3C
`traceparent` that came from elsewhere. No name and no attribute holds what a user wrote, a query
string or a secret: collectors keep what they get, and show it to others.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto
from typing import Final, Protocol

Value = str | int | float | bool
Attributes = Mapping[str, Value]
NONE: Final[Attributes] = {}


class Kind(Enum):
    """What a span is to others, as OpenTelemetry has it."""

    INTERNAL = auto()
    SERVER = auto()
    CLIENT = auto()
    PRODUCER = auto()
    CONSUMER = auto()


class Span(Protocol):
    """A piece of work with a beginning and an end."""

    @property
    def traceparent(self) -> str | None:
        """What tells others of it; None where nothing is traced."""
        ...

    @property
    def is_recording(self) -> bool:
        """Whether it goes to a collector and has yet to end."""
        ...

    def rename(self, name: str) -> None:
        """Name it better, once more is known."""
        ...

    def set(self, attributes: Attributes) -> None:
        """Say more of it."""
        ...

    def note(self, name: str, attributes: Attributes = NONE) -> None:
        """Something happened now."""
        ...

    def fail(self, error_type: str) -> None:
        """It failed; of an error only its kind is told, since its text may be a user's."""
        ...

    def end(self) -> None:
        """It is over; a second time changes nothing."""
        ...


class Tracer(Protocol):
    """Makes spans."""

    def start(
        self,
        name: str,
        kind: Kind,
        parent: Span | str | None,
        links: Sequence[str],
        attributes: Attributes,
    ) -> Span:
        """A span that begins now, below another one, below a `traceparent`, or a trace's first."""
        ...


class _Nothing:
    """The span of a process that traces nothing."""

    traceparent = None
    is_recording = False

    def rename(self, name: str) -> None:
        pass

    def set(self, attributes: Attributes) -> None:
        pass

    def note(self, name: str, attributes: Attributes = NONE) -> None:
        pass

    def fail(self, error_type: str) -> None:
        pass

    def end(self) -> None:
        pass


NOTHING: Final[Span] = _Nothing()
_PRESENT: ContextVar[Span] = ContextVar("span", default=NOTHING)
_TRACERS: Final[list[Tracer]] = []


@contextmanager
def traced_by(tracer: Tracer) -> Iterator[None]:
    """Trace this process for the block."""
    _TRACERS.append(tracer)
    try:
        yield
    finally:
        _TRACERS.remove(tracer)


def is_on() -> bool:
    """Whether anything is traced."""
    return bool(_TRACERS)


def present() -> Span:
    """The span of the present task."""
    return _PRESENT.get()


def start(
    name: str,
    kind: Kind = Kind.INTERNAL,
    *,
    parent: Span | str | None = None,
    links: Sequence[str] = (),
    attributes: Attributes = NONE,
) -> Span:
    """A span that the caller ends, and that is present nowhere.

    Args:
        name: What is done and to what, of few different values.
        kind: What it is to others.
        parent: What caused it, or its `traceparent`; a new trace without.
        links: The `traceparent` of each trace that it is done for, where there are several.
        attributes: What is known of it; the names are OpenTelemetry's, or begin with `taskflow.`.
    """
    if not _TRACERS:
        return NOTHING
    return _TRACERS[-1].start(name, kind, parent, links, attributes)


class Inside:
    """Make a span the present one for a block; that the block raised is noted."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        self._token = _PRESENT.set(self._span)
        return self._span

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        _PRESENT.reset(self._token)
        if kind is not None:
            self._told(kind.__name__)

    def _told(self, error_type: str) -> None:
        self._span.note("failed", {"error.type": error_type})


class Running(Inside):
    """Make a span the present one for a block, and end it with the block, failed or not."""

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        super().__exit__(kind, *error)
        self._span.end()

    def _told(self, error_type: str) -> None:
        self._span.fail(error_type)


@contextmanager
def below(
    name: str, kind: Kind = Kind.INTERNAL, *, attributes: Attributes = NONE
) -> Iterator[Span]:
    """A span for the block, as a part of the present one; nothing where none is recorded."""
    parent = _PRESENT.get()
    if not parent.is_recording or not _TRACERS:
        yield NOTHING
        return
    with Running(_TRACERS[-1].start(name, kind, parent, (), attributes)) as span:
        yield span

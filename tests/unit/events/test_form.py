"""The form that the database fills in: filled in, it is the envelope that the encoder writes."""

import re
from datetime import UTC, datetime

import msgspec
from msgspec.structs import asdict, replace

from taskflow.events.envelope import Envelope, encode, wrap
from taskflow.events.examples import CLOCK, examples
from taskflow.events.form import PLACES, form

FIRED = replace(
    examples()["reminder.triggered"].data, timestamp=datetime(2026, 3, 1, microsecond=9, tzinfo=UTC)
)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def filled(text: str, envelope: Envelope) -> bytes:
    """What PostgreSQL's `format` makes of a form."""
    values = {**asdict(envelope.data), "traceparent": TRACEPARENT}
    written = [msgspec.json.encode(values[name]).decode() for name in PLACES]
    return re.sub(r"%(\d+)\$s", lambda place: written[int(place[1]) - 1], text).encode()


def test_filled_in_it_is_the_envelope_that_the_encoder_writes() -> None:
    envelope = wrap(FIRED, TRACEPARENT)
    assert filled(form(CLOCK, is_traced=True), envelope) == encode(envelope)


def test_where_nothing_is_traced_it_names_no_trace() -> None:
    envelope = wrap(FIRED)
    assert filled(form(CLOCK, is_traced=False), envelope) == encode(envelope)

"""How much of everything is measured; the defaults are those of the goals."""

from msgspec import Struct


class Options(Struct, frozen=True, kw_only=True):
    """The size of a run.

    Attributes:
        repetitions: Turns of each contender.
        seconds: How long a turn lasts.
        stream_seconds: The same where streams are listened to.
    """

    repetitions: int = 5
    seconds: float = 10.0
    stream_seconds: float = 60.0
    fan_out_streams: int = 2_000
    fan_out_events: int = 50
    streams: int = 5_000
    changes_per_second: int = 200
    connections: int = 32
    recurring: int = 10_000
    pending: int = 1_000_000
    due: int = 10_000
    due_seconds: float = 60.0
    burst: int = 100_000
    peer_burst: int = 2_000
    # More due at once than some 3,600 awa never promotes.
    awa_burst: int = 3_500

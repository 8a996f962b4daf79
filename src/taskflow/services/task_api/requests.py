"""What a request to the Task API says beside its body: what it knows already, and only once."""

from typing import Annotated

from litestar.params import HeaderParameter

IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-None-Match",
        required=False,
        description="The `ETag` that is known; 304 while the task still has it.",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        description="Any text that is unique to this request. Sent again with it within 24 hours, "
        "the same request is answered alike and does nothing more.",
        schema_extra={"pattern": "^[!-~]{1,255}$"},
    ),
]

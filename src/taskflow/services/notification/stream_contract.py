"""The stream as the OpenAPI document describes it: a raw ASGI route says nothing of itself."""

from typing import Any, Final

from taskflow.base.errors import Denied, Invalid, Unauthenticated
from taskflow.services.notification.frames import Note

_FRAMES: Final = """Server-sent events. `ready` comes first; its data is `{"position": n}`. Then a
frame for each notification: its `id`, its `event` type, a `Note` as its data. `resync` says that
the point to resume from is not kept any more: fetch afresh. `replaced` says that a newer stream of
the same user took this one's place: do not reconnect. A comment is the heartbeat."""
_NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}

OPERATION: Final[dict[str, Any]] = {
    "tags": ["notifications"],
    "security": [{"bearer": []}, {"session": []}, {"ticket": []}],
    "parameters": [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The `id` of the last frame seen: the stream goes on after it.",
            "required": False,
            "schema": _NUMBER,
        },
        {
            "name": "last_event_id",
            "in": "query",
            "description": "The same, for clients that can send no header.",
            "required": False,
            "schema": _NUMBER,
        },
        {
            "name": "changes",
            "in": "query",
            "description": "`all` sends the changes too that are not to be told of, as `silent`.",
            "required": False,
            "schema": {"type": "string", "enum": ["all"]},
        },
    ],
    "responses": {
        "200": {
            "description": " ".join(_FRAMES.split()),
            "content": {
                "text/event-stream": {
                    "schema": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/Note"},
                    }
                }
            },
        }
    },
}
OPT: Final[dict[str, Any]] = {
    "public": True,  # it identifies its caller itself, also by a ticket
    "operation": OPERATION,
    "structs": (Note,),
    "raises": (Unauthenticated, Denied, Invalid),
}

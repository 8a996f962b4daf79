"""Serves the web page out of the package, with headers that let it run nothing but itself."""

from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get

from taskflow.base.errors import NotFound

OPT: Final = {"public": True, "outside": True}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# What every answer has beside these (nosniff, Referrer-Policy) is added by the chassis.
PROTECTION: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PAGE: Final = Path(str(files("taskflow"))) / "page"


@get(["/", "/{path:path}"], opt=OPT, include_in_schema=False)
async def page(request: Request[Any, Any, Any], path: str = "/") -> Response[bytes]:
    """A file of the page; hashed ones never change."""
    name = path.strip("/") or "index.html"
    file = _file(name)
    if file is None:
        raise NotFound(f"there is nothing at {request.url.path}")
    is_hashed = name.startswith("assets/")
    cache = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
    media_type = guess_type(file.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": cache, **PROTECTION}
    return Response(file.read_bytes(), media_type=media_type, headers=headers)


def _file(name: str) -> Path | None:
    """The page's file of a name, which may be anything; None when there is none."""
    try:
        file = (PAGE / name).resolve()
        is_there = file.is_relative_to(PAGE) and file.is_file()
    except (OSError, ValueError):  # No file system has such a name: too long, or with a NUL.
        return None
    return file if is_there and not file.name.startswith(".") else None

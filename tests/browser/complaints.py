"""What a page complains of: errors in its console, uncaught errors, and calls that went wrong."""

import re
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Error, Page, Request, Response

# The browser itself writes this for an answer or a failure that is collected as such.
ECHO = "Failed to load resource"
# The page cuts its own stream when somebody leaves.
CUT_STREAM = "net::ERR_ABORTED GET /api/v1/notifications/stream"
# What goes on after somebody has left, the browser calls aborted.
LEFT_BEHIND = "net::ERR_ABORTED POST /api/v1/notifications/…/read"


class Complaints:
    """Collects from every page it listens to; what a test provokes it announces."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._intended = {CUT_STREAM, LEFT_BEHIND}

    def intend(self, *complaints: str) -> None:
        """Announce what a test provokes."""
        self._intended.update(complaints)

    def listen(self, page: Page) -> None:
        """Collect what a page complains of from now on."""
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    @property
    def unintended(self) -> list[str]:
        """What nobody announced."""
        return [one for one in self._found if one not in self._intended]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(ECHO):
            self._found.append(f"console: {message.text}")

    def _error(self, error: Error) -> None:
        self._found.append(f"uncaught: {error}")

    def _failed(self, request: Request) -> None:
        self._found.append(f"{request.failure} {_named(request)}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._found.append(f"{response.status} {_named(response.request)}")


def _named(request: Request) -> str:
    path = re.sub(r"/\d+/", "/…/", urlsplit(request.url).path)
    path = re.sub(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "/{id}", path)
    return f"{request.method} {path}"

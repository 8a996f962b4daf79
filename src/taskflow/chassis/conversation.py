"""A connection that knows whether anything came since something was sent.

Who answers before they are asked has the answer lie ready for the next question: it would be taken
for what was said to that.
"""

import ssl

import httpcore


class Conversation(httpcore.AsyncNetworkStream):
    """A connection.

    Args:
        stream: The same, which does all the work.

    Attributes:
        is_answered: Whether something came since something was sent last.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self.is_answered = False

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
    ) -> bytes:
        """Wait for what comes."""
        said = await self._stream.read(max_bytes, timeout)
        self.is_answered = True
        return said

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
    ) -> None:
        """Send something: what came before was said to something else."""
        self.is_answered = False
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """End it."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
    ) -> httpcore.AsyncNetworkStream:
        """The same, encrypted."""
        return Conversation(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> object:
        """What is known of it."""
        return self._stream.get_extra_info(info)


def heed(response: httpcore.Response) -> None:
    """Take an answer for one to what was asked.

    Raises:
        RemoteProtocolError: it was there before.
    """
    stream = response.extensions["network_stream"]
    if isinstance(stream, Conversation) and not stream.is_answered:
        raise httpcore.RemoteProtocolError("answered before it was asked")

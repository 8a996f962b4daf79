"""Calls to where somebody else wants, while we stop: what was answered is known."""

import asyncio

from taskflow.base.networks import parse_networks
from taskflow.chassis.outbound import Outbound


async def test_an_answer_counts_although_we_stop_while_its_body_comes() -> None:
    is_answered, outbound = asyncio.Event(), Outbound(parse_networks("127.0.0.0/8"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"content")
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n")
        # What is written is there at once, and read in a few turns of the loop that both share.
        for _ in range(100):
            await asyncio.sleep(0)
        is_answered.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        calling = asyncio.ensure_future(outbound.post(url, {}, b"content", seconds=60))
        await is_answered.wait()
        calling.cancel()
        assert (await calling).status == 200
        await outbound.close()

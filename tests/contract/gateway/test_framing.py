"""Where one HTTP message ends and the next begins: no request hides inside another."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.gateway.world import World

HIDDEN = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
START = b"POST /api/v1/auth/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


async def answers(world: World, request: bytes) -> bytes:
    """All that the gateway says until it hangs up."""
    host, port = world.target.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    said = await asyncio.wait_for(reader.read(), timeout=10)
    writer.close()
    return said


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 4\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 4\r\ncontent-length: 5\r\n",
        b"content-length: 4x\r\n",
        b"content-length: -4\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: xchunked\r\n",
    ],
)
async def test_a_request_of_two_lengths_ends_the_connection(world: World, head: bytes) -> None:
    said = await answers(world, START + head + b"\r\n0\r\n\r\n" + HIDDEN)
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.split(b" ", 2)[1] in (b"400", b"501")
    assert b"ok" not in said.split(b"\r\n\r\n", 1)[1]


async def test_requests_of_one_length_follow_each_other(world: World) -> None:
    body = b"{}"
    length = b"content-length: %d\r\n\r\n" % len(body)
    last = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    said = await answers(world, START + length + body + last)
    assert said.count(b"HTTP/1.1 ") == 2
    assert said.endswith(b"ok")

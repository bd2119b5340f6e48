"""When a store counts as there."""

from __future__ import annotations

import asyncio

import pytest

from stack import probes


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (b"+OK\r\n+PONG\r\n", True),
        # A Valkey that was killed reads its log again, and takes passwords meanwhile.
        (b"+OK\r\n-LOADING Valkey is loading the dataset in memory\r\n", False),
        (b"-WRONGPASS invalid username-password pair\r\n-NOAUTH\r\n", False),
        (b"+OK\r\n", False),
        (b"", False),
    ],
)
async def test_valkey_is_there_when_it_answers_questions(answer: bytes, ready: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await probes.valkey_answers(port, "secret") is ready

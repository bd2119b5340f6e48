"""A tiny site: answers each path with a page that names it, and remembers what it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_POLICY = "default-src 'self'"


@dataclass
class Site:
    """Where it listens, and the headers of the last request."""

    port: int = 0
    seen: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """Run it on a free port until the block ends."""
    site = Site()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.strip().split("\r\n")
                _, path, _ = first.split(" ")
                site.seen.append(path)
                pairs = (line.partition(": ") for line in lines)
                site.headers = {name.lower(): value for name, _, value in pairs}
                body = f"page {path}".encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n"
                    b"content-security-policy: " + _POLICY.encode() + b"\r\n"
                    b"content-length: " + str(len(body)).encode() + b"\r\n\r\n" + body
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()

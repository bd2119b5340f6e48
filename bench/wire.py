"""Clients that cost little: gRPC with bytes, and HTTP/1.1 on kept connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import grpc
from google.protobuf.message import Message

HOST = "127.0.0.1"
_TIMEOUT_SECONDS = 15.0


def secure_channel(address: str, service: str, tls: Path) -> grpc.aio.Channel:
    """A channel to a service with mTLS, as the member that `tls` belongs to."""
    credentials = grpc.ssl_channel_credentials(
        (tls / "ca.pem").read_bytes(),
        (tls / "key.pem").read_bytes(),
        (tls / "cert.pem").read_bytes(),
    )
    name = ("grpc.ssl_target_name_override", f"{service}.weneeds.internal")
    # A connection of its own for each channel: contestants share nothing.
    return grpc.aio.secure_channel(
        address, credentials, options=[name, ("grpc.use_local_subchannel_pool", 1)]
    )


def like_the_gateway(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata that calls carry behind the gateway; the trace is not sampled."""
    return (
        ("authorization", f"Bearer {token}"),
        ("x-request-id", "01890000-0000-7000-8000-000000000001"),
        ("x-weneeds-address", "192.0.2.1"),
        ("accept-language", "fr"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
    )


def unary(
    channel: grpc.aio.Channel,
    path: str,
    request: Message,
    metadata: tuple[tuple[str, str], ...],
) -> Callable[[], Awaitable[bytes]]:
    """A function that makes one call and returns the bytes of the answer."""
    method: Any = channel.unary_unary(path)
    body = request.SerializeToString()

    async def call() -> bytes:
        answer: bytes = await method(body, metadata=metadata, timeout=_TIMEOUT_SECONDS)
        return answer

    return call


def grpc_web_frame(request: Message) -> bytes:
    """A message in the framing of gRPC-web (and of gRPC): flags, length, bytes."""
    body = request.SerializeToString()
    return b"\0" + len(body).to_bytes(4, "big") + body


class BadAnswer(Exception):
    """A server did not answer as it should; a figure from it would mean nothing."""


class HttpConnections:
    """Keep-alive connections to one port. Each call takes a free one, or opens one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _reader, writer in self._free:
            writer.close()

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Callable[[], Awaitable[bytes]]:
        """A function that sends one request and returns the body. Raises BadAnswer."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {HOST}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"content-length: {len(body)}")
        raw = "\r\n".join([*lines, "", ""]).encode() + body

        async def call() -> bytes:
            if self._free:
                reader, writer = self._free.pop()
            else:
                reader, writer = await asyncio.open_connection(HOST, self._port)
            writer.write(raw)
            answer = await _answer(reader)
            self._free.append((reader, writer))
            return answer

        return call


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head[:16]:
        raise BadAnswer(head.decode(errors="replace"))
    if b"transfer-encoding: chunked" in head:
        return await _chunks(reader)
    _, _, rest = head.partition(b"content-length: ")
    return await reader.readexactly(int(rest.partition(b"\r\n")[0]))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Wait for something to come true. Raises BadAnswer when it takes too long."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise BadAnswer(f"{what}: not within {seconds:.0f} s")
        await asyncio.sleep(0.05)

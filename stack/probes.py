"""Small questions to running programs, asked without loading a client library for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from stack.topology import HOST

_SECONDS = 2.0


async def http_status(port: int, path: str) -> int | None:
    """The status of a GET on 127.0.0.1; None when nothing answers."""
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
    line = await _first_line(port, request.encode())
    parts = line.split(b" ", 2)
    if len(parts) < 2 or not line.startswith(b"HTTP/") or not parts[1].isdigit():  # noqa: PLR2004
        return None
    return int(parts[1])


async def valkey_answers(port: int, password: str) -> bool:
    """Whether the password is right and the data is there: while it is read, AUTH alone answers."""
    request = f"AUTH {password}\r\nPING\r\n".encode()
    wanted = b"+OK\r\n+PONG\r\n"
    answer = await _talk(port, request, lambda reader: reader.readexactly(len(wanted)))
    return answer == wanted


async def postgres_answers(port: int) -> bool:
    """Whether a Postgres server answers the question for TLS, as it does before any log-in."""
    question = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
    return (await _talk(port, question, lambda reader: reader.read(1))) in (b"N", b"S")


async def smtp_answers(port: int) -> bool:
    """Whether a mail server greets on this port."""
    return (await _first_line(port, b"")).startswith(b"220")


def postgres_is_ready(data: Path, pid: int) -> bool:
    """Whether the server says so in its pid file, the way pg_ctl asks."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return False
    status = 7
    return len(lines) > status and lines[0] == str(pid) and lines[status].strip() == "ready"


async def grpc_is_serving(address: str, tls: Path, seconds: float = _SECONDS) -> bool:
    """The standard gRPC health check through mTLS, as the member that `tls` belongs to."""
    return (await grpc_health(address, tls, [""], seconds))[""]


async def grpc_health(
    address: str, tls: Path, names: Sequence[str], seconds: float = _SECONDS
) -> dict[str, bool]:
    """What a server says of each name ("": of itself) in its health service."""
    away = dict.fromkeys(names, False)
    if not await _listens(address):
        return away
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    try:
        credentials = grpc.ssl_channel_credentials(
            (tls / "ca.pem").read_bytes(),
            (tls / "key.pem").read_bytes(),
            (tls / "cert.pem").read_bytes(),
        )
    except FileNotFoundError:
        return away

    async with grpc.aio.secure_channel(address, credentials) as channel:
        stub = health_pb2_grpc.HealthStub(channel)

        async def check(name: str) -> bool:
            request = health_pb2.HealthCheckRequest(service=name)
            try:
                answer = await stub.Check(request, timeout=seconds)
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        return dict(zip(names, await asyncio.gather(*map(check, names)), strict=True))


async def _listens(address: str) -> bool:
    """Far cheaper than a TLS channel to a port where nobody listens yet."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host, int(port))
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _first_line(port: int, request: bytes) -> bytes:
    return await _talk(port, request, lambda reader: reader.readline())


async def _talk(
    port: int, request: bytes, read: Callable[[asyncio.StreamReader], Awaitable[bytes]]
) -> bytes:
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(request)
                await writer.drain()
                return await read(reader)
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError, ValueError):
        return b""

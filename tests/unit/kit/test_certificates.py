"""Certificates that change under a running server and an open channel, on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.kit.certificates import Certificates, CertificateUnusable
from services.kit.channels import Channels
from stack import certs

_PATIENCE_SECONDS = 10
FILES = ("ca.pem", "cert.pem", "key.pem")


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    certs.ensure(tmp_path, ["jobs", "auth"])
    return tmp_path


def test_a_renewed_certificate_is_taken_over(tls: Path) -> None:
    certificates = Certificates(tls / "jobs")
    first = certificates.current
    assert certificates.current is first
    certs.renew(tls, ["jobs"])
    assert certificates.current.chain == (tls / "jobs" / "cert.pem").read_bytes() != first.chain


@pytest.mark.parametrize("broken", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
@pytest.mark.parametrize("name", FILES)
def test_a_broken_set_is_passed_over(tls: Path, name: str, broken: bytes) -> None:
    certificates = Certificates(tls / "jobs")
    first = certificates.current
    (tls / "jobs" / name).write_bytes(broken)
    assert certificates.current is first
    certs.renew(tls, ["jobs"])
    assert certificates.current is not first


def test_a_key_of_another_certificate_is_passed_over(tls: Path) -> None:
    certificates = Certificates(tls / "jobs")
    first = certificates.current
    (tls / "jobs" / "key.pem").write_bytes((tls / "auth" / "key.pem").read_bytes())
    assert certificates.current is first
    with pytest.raises(CertificateUnusable):
        Certificates(tls / "jobs")


def test_missing_files_do_not_hurt_who_has_read_them(tls: Path) -> None:
    certificates = Certificates(tls / "jobs")
    first = certificates.current
    for name in FILES:
        (tls / "jobs" / name).unlink()
    assert certificates.current is first
    with pytest.raises(CertificateUnusable):
        Certificates(tls / "jobs")


@dataclass
class Auth(health_pb2_grpc.HealthServicer):
    """A server that notes which certificates its callers show."""

    seen: list[bytes] = field(default_factory=list)
    address: str = ""
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    leave: asyncio.Event = field(default_factory=asyncio.Event)

    async def Check(self, request: Any, context: Any) -> Any:
        self.seen.append(context.auth_context()["x509_pem_cert"][0])
        if request.service == "slow":
            self.entered.set()
            await self.leave.wait()
        return health_pb2.HealthCheckResponse()


@pytest.fixture
async def auth(tls: Path) -> AsyncIterator[Auth]:
    servicer = Auth()
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_secure_port("127.0.0.1:0", Certificates(tls / "auth").for_server())
    servicer.address = f"127.0.0.1:{port}"
    await server.start()
    yield servicer
    await server.stop(None)


async def test_a_stub_shows_the_renewed_certificate_and_no_call_is_lost(
    tls: Path, auth: Auth
) -> None:
    channels = Channels({"auth": auth.address}, tls / "jobs")
    stub = health_pb2_grpc.HealthStub(channels.to("auth"))
    await stub.Check(health_pb2.HealthCheckRequest())
    slow = asyncio.ensure_future(stub.Check(health_pb2.HealthCheckRequest(service="slow")))
    await auth.entered.wait()
    certs.renew(tls, ["jobs", "auth"])
    renewed = (tls / "jobs" / "cert.pem").read_bytes()
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while auth.seen[-1] != renewed:
            await stub.Check(health_pb2.HealthCheckRequest())
    auth.leave.set()
    assert await slow == health_pb2.HealthCheckResponse()
    await channels.close()


async def test_a_server_shows_its_renewed_certificate_to_new_connections(
    tls: Path, auth: Auth
) -> None:
    """Seen by a caller that trusts nobody but the new authority."""
    await _call(tls, auth)
    other = tls / "other"
    certs.ensure(other, ["jobs", "auth"])
    for name in FILES:
        (tls / "auth" / name).unlink()
        (tls / "auth" / name).write_bytes((other / "auth" / name).read_bytes())
    await _call(other, auth)
    with pytest.raises(grpc.aio.AioRpcError):
        await _call(tls, auth)


async def _call(tls: Path, auth: Auth) -> None:
    channels = Channels({"auth": auth.address}, tls / "jobs")
    stub = health_pb2_grpc.HealthStub(channels.to("auth"))
    try:
        await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    finally:
        await channels.close()

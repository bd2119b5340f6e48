"""Who gets how far between the services: nobody without the right certificate.

Services in one process and each in its own run the same server and channel code, so what is shown
here on the shared process holds for both.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from cryptography import x509
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from weneeds import AsyncWeNeeds
from weneeds.auth.v1.directory_service_pb2 import GetMailTargetRequest
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceStub

from stack import certs, ports, upkeep
from stack.launchers import gateway
from stack.supervisor import Supervisor
from stack.topology import HOST, Topology
from tests.conftest import RunningMesh
from tests.support.calls import Calls
from tests.support.people import RECRUITER, person

pytestmark = pytest.mark.mesh

_PATIENCE_SECONDS = 20


def _channel(topology: Topology, tls: Path | None, service: str = "auth") -> grpc.aio.Channel:
    """A connection to a service that shows the certificate in `tls`, or none."""
    authority = (topology.tls("gateway") / "ca.pem").read_bytes()
    own = (None, None) if tls is None else tuple(
        (tls / name).read_bytes() for name in ("key.pem", "cert.pem")
    )  # fmt: skip
    options = [("grpc.ssl_target_name_override", f"{service}.weneeds.internal")]
    credentials = grpc.ssl_channel_credentials(authority, *own)
    return grpc.aio.secure_channel(topology.address(service), credentials, options)


async def _health(channel: grpc.aio.Channel) -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    return int(answer.status)


async def test_a_member_gets_an_answer(mesh: RunningMesh) -> None:
    async with _channel(mesh.topology, mesh.topology.tls("jobs")) as channel:
        assert await _health(channel) == health_pb2.HealthCheckResponse.SERVING


async def test_without_a_certificate_there_is_no_connection(mesh: RunningMesh) -> None:
    async with _channel(mesh.topology, None) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _health(channel)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_plain_text_gets_no_answer(mesh: RunningMesh) -> None:
    async with grpc.aio.insecure_channel(mesh.topology.address("auth")) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _health(channel)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_of_an_unknown_authority_is_refused(
    mesh: RunningMesh, tmp_path: Path
) -> None:
    certs.ensure(tmp_path, ["gateway"])
    async with _channel(mesh.topology, tmp_path / "gateway") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _health(channel)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("caller", ["jobs", "payment", "matching", "gateway"])
async def test_another_members_certificate_does_not_open_internal_methods(
    mesh: RunningMesh, caller: str
) -> None:
    async with _channel(mesh.topology, mesh.topology.tls(caller)) as channel:
        stub = DirectoryServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetMailTarget(GetMailTargetRequest(), timeout=5)
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert _reason(refused.value) == "CALLER_DENIED"


async def test_the_named_caller_passes_that_gate(mesh: RunningMesh) -> None:
    async with _channel(mesh.topology, mesh.topology.tls("messaging")) as channel:
        stub = DirectoryServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetMailTarget(GetMailTargetRequest(), timeout=5)
    assert _reason(refused.value) != "CALLER_DENIED"


def _reason(error: grpc.aio.AioRpcError) -> str:
    packed = (error.trailing_metadata() or {})["grpc-status-details-bin"]
    info = error_details_pb2.ErrorInfo()
    for detail in status_pb2.Status.FromString(bytes(packed)).details:
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
    return info.reason


@dataclass
class Misled:
    """A second gateway that takes payment's address for that of auth."""

    http: httpx.AsyncClient


@pytest.fixture
async def misled(mesh: RunningMesh, tmp_path: Path, monkeypatch: Any) -> AsyncIterator[Misled]:
    port = ports.choose()
    true = gateway.surroundings(mesh.topology)
    places = {**true.services, "auth": true.services["payment"]}
    false = replace(
        true, port=port, services=places, admin_port=None, portal=None,
        access_log=tmp_path / "access.log", secrets_dir=tmp_path / "secrets",
    )  # fmt: skip
    monkeypatch.setattr(gateway, "surroundings", lambda *_: false)
    lied = replace(mesh.topology, state=tmp_path, public_port=port)
    supervisor = Supervisor()
    await supervisor.start(await gateway.program(lied))
    try:
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=20) as http:
            yield Misled(http)
    finally:
        await supervisor.stop("gateway")


async def test_the_gateway_refuses_a_service_of_another_name(
    misled: Misled, guest: AsyncWeNeeds
) -> None:
    someone = await person(guest, RECRUITER)
    right = await misled.http.get("/api/v1/jobs", headers=someone.bearer)
    assert right.status_code == 200
    wrong = await misled.http.get("/api/v1/me", headers=someone.bearer)
    assert wrong.status_code == 503
    assert wrong.json()["details"][0]["reason"] == "DEPENDENCY_DOWN"


def _shown(topology: Topology, service: str) -> int:
    """The serial number of the certificate that a service shows now."""
    host, _, port = topology.address(service).rpartition(":")
    pem = ssl.get_server_certificate((host, int(port)))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def _issued(topology: Topology, name: str) -> int:
    pem = (topology.tls(name) / "cert.pem").read_bytes()
    return x509.load_pem_x509_certificate(pem).serial_number


async def _gateways(topology: Topology) -> str:
    async with httpx.AsyncClient() as client:
        port = topology.ports["gateway-admin"]
        return (await client.get(f"http://{HOST}:{port}/certs")).text


async def test_calls_go_on_while_every_certificate_is_renewed(
    mesh: RunningMesh, guest: AsyncWeNeeds
) -> None:
    topology = mesh.topology
    pids = {name: program.pid for name, program in mesh.mesh.supervisor.running.items()}
    people = [await person(guest, RECRUITER) for _ in range(2)]
    calls = Calls(mesh.rest, guest, people)
    try:
        await calls.enough(50)
        before = {name: _issued(topology, name) for name in upkeep.MEMBERS}
        await asyncio.to_thread(upkeep.renew_certificates, topology)
        after = {name: _issued(topology, name) for name in upkeep.MEMBERS}
        assert all(after[name] != before[name] for name in upkeep.MEMBERS)
        for service in ("auth", "jobs", "matching", "payment", "messaging"):
            assert await asyncio.to_thread(_shown, topology, service) == after[service]
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while f"{after['gateway']:x}" not in await _gateways(topology):
                await asyncio.sleep(0.05)
        await calls.enough(150)
    finally:
        await calls.end()
    assert calls.failed == []
    assert {n: program.pid for n, program in mesh.mesh.supervisor.running.items()} == pids

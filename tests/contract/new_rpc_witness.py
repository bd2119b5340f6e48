"""Tells, as one line of JSON, what the tree it runs on knows of ApplicationService.GetFunnel.

A program of its own: the stubs of the tree under test must not meet those of this project.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import grpc
from google.rpc import error_details_pb2, status_pb2
from joserfc import jwt
from joserfc.jwk import OKPKey
from weneeds.aio import AsyncWeNeeds
from weneeds.client import WeNeeds
from weneeds.jobs.v1 import application_service_pb2 as pb
from weneeds.jobs.v1.application_service_pb2_grpc import ApplicationServiceStub
from weneeds.options.v1.role_pb2 import COMPANY_ROLE_ADMIN

from gateway import openapi, render
from gateway.topology import GatewayTopology
from services.jobs.main import wire
from services.kit.access import Access, AccessCache
from services.kit.channels import Channels
from services.kit.clock import SystemClock
from services.kit.db import Database, Reader
from services.kit.ids import Uuid7Ids
from services.kit.maintenance import Maintenance
from services.kit.redis import connect
from services.kit.server import Server
from services.kit.service import Resources
from services.kit.settings import Settings
from services.kit.work import UnitsOfWork
from stack import certs, keys
from stack.gen import permissions
from stack.paths import contract

USER = "00000000-0000-7000-8000-00000000000a"
SESSION = "00000000-0000-7000-8000-00000000000b"
COMPANY = "00000000-0000-7000-8000-00000000000c"
OTHER = "00000000-0000-7000-8000-00000000000d"
PATH = "/weneeds.jobs.v1.ApplicationService/GetFunnel"
REST = "/api/v1/companies/{company_id}/funnel"


class OneTable:
    """A pool and its connection: applications in three statuses, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def acquire(self, timeout: float) -> OneTable:
        return self

    def release(self, connection: object, *, spoilt: bool) -> None:
        return None

    def is_closed(self) -> bool:
        return False

    async def fetch(self, sql: str, *arguments: object) -> list[dict[str, int]]:
        self.asked += arguments
        # RECEIVED, INTERVIEWED, HIRED
        return [{"status": 1, "count": 4}, {"status": 3, "count": 1}, {"status": 4, "count": 3}]


class OneCompany:
    """The caller is ADMIN of one company."""

    async def access(self, user_id: str, session_id: str) -> Access:
        return Access(session_alive=True, memberships={COMPANY: COMPANY_ROLE_ADMIN})


class Open:
    """No maintenance."""

    async def is_on(self) -> bool:
        return False


async def served(folder: Path) -> dict[str, Any]:
    """Start the service's own wiring on a free port and call it as the gateway would."""
    certs.ensure(folder / "tls", ["jobs", "gateway"])
    keys.ensure(folder / "keys", folder / "jwks.json")
    settings = Settings(
        database_url="postgresql://unused/unused",
        tls_dir=folder / "tls" / "jobs",
        jwks_file=folder / "jwks.json",
        addresses={"auth": "127.0.0.1:1", "matching": "127.0.0.1:1"},
        drain_seconds=0,
    )
    clock, table = SystemClock(), OneTable()
    database = Database(table, table, settings.database_url)
    ids = Uuid7Ids(clock)
    kit: Resources[Settings] = Resources(
        settings=settings,
        clock=clock,
        ids=ids,
        database=database,
        reader=Reader(table),
        work=UnitsOfWork(database, clock, ids),
        redis=connect(settings.redis_url),
        channels=Channels(settings.addresses, settings.tls_dir),
        access=AccessCache(OneCompany()),
        admin_access=AccessCache(OneCompany()),
        maintenance=Maintenance(Open()),
    )
    server = Server(kit, await wire(kit), "jobs")
    await server.start()
    try:
        async with _channel(folder / "tls" / "gateway", server.port) as channel:
            told = await _calls(ApplicationServiceStub(channel), folder)
    finally:
        await server.drain()
        await kit.channels.close()
    return {**told, "asked": table.asked}


async def _calls(stub: Any, folder: Path) -> dict[str, Any]:
    request, recruiter = pb.GetFunnelRequest(company_id=COMPANY), _token(folder, "RECRUITER")
    answer = await stub.GetFunnel(request, metadata=recruiter, timeout=10)
    elsewhere = pb.GetFunnelRequest(company_id=OTHER)
    return {
        "answer": {"waiting": answer.waiting, "decided": answer.decided},
        "refused": {
            "no token": await _reason(stub, request, ()),
            "a candidate": await _reason(stub, request, _token(folder, "CANDIDATE")),
            "another company": await _reason(stub, elsewhere, recruiter),
        },
    }


async def _reason(stub: Any, request: Any, metadata: tuple[tuple[str, str], ...]) -> str:
    try:
        await stub.GetFunnel(request, metadata=metadata, timeout=10)
    except grpc.aio.AioRpcError as error:
        trailers = error.trailing_metadata() or ()
        packed = next(value for name, value in trailers if name == "grpc-status-details-bin")
        info = error_details_pb2.ErrorInfo()
        status_pb2.Status.FromString(cast("bytes", packed)).details[0].Unpack(info)
        return str(info.reason)
    return "answered"


def _token(folder: Path, role: str) -> tuple[tuple[str, str], ...]:
    file = next((folder / "keys").glob("*.pem"))
    now = int(time.time())
    claims = {
        "iss": Settings.model_fields["issuer"].default,
        "aud": Settings.model_fields["audience"].default,
        "sub": USER, "sid": SESSION, "role": role, "access": "site", "exp": now + 60,
    }  # fmt: skip
    header = {"alg": "EdDSA", "kid": file.stem}
    key = OKPKey.import_key(file.read_bytes())
    return (("authorization", f"Bearer {jwt.encode(header, claims, key, algorithms=['EdDSA'])}"),)


def _channel(tls: Path, port: int) -> grpc.aio.Channel:
    credentials = grpc.ssl_channel_credentials(
        (tls / "ca.pem").read_bytes(), (tls / "key.pem").read_bytes(),
        (tls / "cert.pem").read_bytes(),
    )  # fmt: skip
    return grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials)


def derived(folder: Path) -> dict[str, Any]:
    """What is rendered from the descriptors."""
    described = contract()
    names = ("auth", "jobs", "matching", "payment", "messaging")
    topology = GatewayTopology(
        host="127.0.0.1",
        port=1,
        services={name: [("127.0.0.1", 1)] for name in names},
        tls_dir=folder,
        secrets_dir=folder,
        jwks_file=folder / "jwks.json",
        issuer="https://issuer.invalid",
        audience="site",
    )
    gateway = json.dumps(render.render(topology, described))
    rule = json.dumps({"match": {"path": PATH}, "requires": {"provider_name": "site"}})
    table = permissions.render(described).splitlines()
    operations = openapi.render(described)["paths"][REST]
    return {
        "rest": [next(iter(operations)).upper(), REST],
        "openapi": next(iter(operations.values())),
        "gateway_asks_for_a_token": rule in gateway,
        "permission": next((line for line in table if "GetFunnel" in line), ""),
        "client": [
            client.applications.get_funnel.__name__
            for client in (
                WeNeeds("127.0.0.1:1", tls=False),
                AsyncWeNeeds("127.0.0.1:1", tls=False),
            )
        ],
    }


async def main() -> None:
    """Print it."""
    tree = Path(sys.argv[1])
    # What is imported is the tree's, or the proof proves nothing.
    assert Path(pb.__file__).is_relative_to(tree)
    assert Path(permissions.__file__).is_relative_to(tree)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = {**await served(folder), **derived(folder)}
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main())

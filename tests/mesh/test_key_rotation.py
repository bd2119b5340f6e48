"""Signing keys change and nobody who calls notices; tokens of a retired key are refused."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from uuid import uuid4

import grpc
import httpx
import pytest
from weneeds import AsyncWeNeeds
from weneeds.auth.v1.account_service_pb2 import GetMeRequest
from weneeds.auth.v1.account_service_pb2_grpc import AccountServiceStub

from stack import keys, upkeep
from stack.topology import Topology
from tests.conftest import RunningMesh
from tests.support.calls import Calls
from tests.support.people import RECRUITER, Person, person

pytestmark = pytest.mark.mesh

_PATIENCE_SECONDS = 40


def _kid(token: str) -> str:
    head = token.split(".", maxsplit=1)[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return str(header["kid"])


async def _signed_with(guest: AsyncWeNeeds, kid: str) -> Person:
    """Somebody whose token the key `kid` signed, as soon as that happens."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            someone = await person(guest, RECRUITER)
            if _kid(someone.token) == kid:
                return someone
            await asyncio.sleep(0.2)


async def test_a_rotation_is_not_noticed_and_a_retired_key_is_refused(
    mesh: RunningMesh, guest: AsyncWeNeeds
) -> None:
    topology = mesh.topology
    old = await person(guest, RECRUITER)
    calls = Calls(mesh.rest, guest, [old])
    try:
        await calls.enough(20)
        site, _ = await asyncio.to_thread(upkeep.rotate_keys, topology)
        new = await _signed_with(guest, site)
        assert _kid(old.token) != site
        await calls.enough(40)
    finally:
        await calls.end()
    assert calls.failed == []

    later = time.time() + keys.RETIRED_AFTER_SECONDS + 1
    retired = await asyncio.to_thread(keys.retire, topology.signing_keys, topology.jwks, later)
    assert _kid(old.token) in retired
    await _until_refused(mesh.rest, old)
    await _until_the_service_refuses(topology, old.token)
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as client:
        assert (await client.get("/api/v1/me", headers=new.bearer)).status_code == 200
    # Whoever holds a session goes on with its refresh token.
    refreshed = await old.client.sessions.refresh(refresh_token=_refresh_token(old))
    assert _kid(refreshed.tokens.access_token) == site


def _refresh_token(someone: Person) -> str:
    assert someone.client.tokens is not None
    return someone.client.tokens.refresh_token


async def _until_refused(base_url: str, old: Person) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS), httpx.AsyncClient(base_url=base_url) as client:
        while True:
            answer = await client.get("/api/v1/me", headers=old.bearer)
            if answer.status_code == 401:
                break
            await asyncio.sleep(0.1)
    assert answer.json()["details"][0]["reason"] == "TOKEN_INVALID"


async def _until_the_service_refuses(topology: Topology, token: str) -> None:
    """Past the gateway, with the gateway's own certificate: services look for themselves."""
    tls = topology.tls("gateway")
    credentials = grpc.ssl_channel_credentials(
        *((tls / name).read_bytes() for name in ("ca.pem", "key.pem", "cert.pem"))
    )
    options = [("grpc.ssl_target_name_override", "auth.weneeds.internal")]
    address = topology.address("auth")
    metadata = [("authorization", f"Bearer {token}"), ("x-request-id", str(uuid4()))]
    async with (
        asyncio.timeout(_PATIENCE_SECONDS),
        grpc.aio.secure_channel(address, credentials, options) as channel,
    ):
        while True:
            try:
                await AccountServiceStub(channel).GetMe(GetMeRequest(), metadata=metadata)
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.UNAUTHENTICATED
                break
            await asyncio.sleep(0.1)

"""What a service says of its stores."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.kit.health import NATS, POSTGRES, VALKEY
from stack import probes
from tests.mesh.house.conftest import Stores
from tests.mesh.house.servers import Handlers, serving

pytestmark = pytest.mark.mesh

_PATIENCE_SECONDS = 20


async def _until(stores: Stores, expected: dict[str, bool]) -> None:
    address, tls = stores.topology.address("jobs"), stores.topology.tls("gateway")
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await probes.grpc_health(address, tls, list(expected)) != expected:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("store", [VALKEY, NATS, POSTGRES])
async def test_a_store_that_is_away_is_named_and_the_service_goes_on_serving(
    stores: Stores, store: str
) -> None:
    all_well = {"": True, POSTGRES: True, VALKEY: True, NATS: True}
    async with serving(stores.topology, Handlers()):
        await _until(stores, all_well)
        await stores.stop(store)
        try:
            await _until(stores, all_well | {store: False})
        finally:
            await stores.start(store)
        await _until(stores, all_well)


async def test_other_names_are_unknown(stores: Stores) -> None:
    async with serving(stores.topology, Handlers()) as servers, servers.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Check(health_pb2.HealthCheckRequest(service="elsewhere"))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND

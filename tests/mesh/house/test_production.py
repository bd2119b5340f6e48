"""What a service shows to developers, it does not show in production."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.mesh.house.servers import Handlers, health, serving


async def listed(channel: grpc.aio.Channel) -> set[str]:
    """The services that reflection names."""
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(
        iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    )
    answers = [answer async for answer in call]
    return {service.name for a in answers for service in a.list_services_response.service}


async def test_reflection_is_for_developers(stores: Any) -> None:
    async with serving(stores.topology, Handlers()) as servers, servers.channel() as channel:
        assert "weneeds.auth.v1.AccountService" in await listed(channel)


async def test_production_has_no_reflection(stores: Any) -> None:
    environment = {"WENEEDS_ENVIRONMENT": "production"}
    async with (
        serving(stores.topology, Handlers(), **environment) as servers,
        servers.channel() as channel,
    ):
        assert await health(channel) == 1
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await listed(channel)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED

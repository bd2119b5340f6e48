"""One gateway for all live tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.topology import Limits
from tests.contract.gateway.world import (
    Backend,
    Certificates,
    Tokens,
    World,
    free_port,
    start_backend,
    start_envoy,
    write_files,
)


@pytest.fixture(scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A running gateway with a backend behind it."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    certificates, tokens, backend = Certificates(), Tokens(), Backend()
    write_files(folder, certificates, tokens)
    server, backend_port = await start_backend(backend, certificates)
    port = free_port()
    generous = Limits(requests_per_second=1000, request_burst=5000)
    envoy = await start_envoy(folder, port, backend_port, generous)
    base = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=base, timeout=10) as http:
            target = f"127.0.0.1:{port}"
            yield World(base, target, http, tokens, backend, folder / "access.log", backend_port)
    finally:
        envoy.kill()
        await envoy.wait()
        await server.stop(None)

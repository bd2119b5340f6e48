"""TLS to the stores: the right authority opens, another one and plain text do not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from nats.errors import Error as NatsError
from redis.exceptions import RedisError

from services.kit.db import Database
from services.kit.errors import DependencyDown
from services.kit.redis import connect
from services.kit.store_tls import trusting
from services.kit.wire import EventClient
from stack import certs
from tests.support.tls_door import tls_door

Door = Callable[[str], AbstractAsyncContextManager[str]]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of certificates, each with an authority of its own."""
    folders = []
    for name in ("ours", "theirs"):
        folder = tmp_path_factory.mktemp(name)
        certs.ensure(folder, ["store"])
        folders.append(folder / "store")
    return folders[0], folders[1]


@pytest.fixture
def door(authorities: tuple[Path, Path]) -> Door:
    """Make a door with our certificate before the store of a URL; yield the door's URL."""

    @asynccontextmanager
    async def made(url: str) -> AsyncIterator[str]:
        port = urlsplit(url).port
        assert port is not None
        postgres = url.startswith("postgres")
        async with tls_door(port, authorities[0], postgres=postgres) as outer:
            yield url.replace(f":{port}", f":{outer}", 1)

    return made


async def postgres(url: str, authority: Path) -> None:
    database = await Database.connect(url, tls=trusting(authority))
    try:
        await database.ping()
        await (await database.dedicated()).close()
    finally:
        await database.close()


async def valkey(url: str, authority: Path) -> None:
    async with connect(url, authority) as client:
        assert await client.ping()


async def nats(url: str, authority: Path) -> None:
    client = EventClient()
    await client.connect(
        url, tls=trusting(authority), tls_handshake_first=True, allow_reconnect=False,
        connect_timeout=5,
    )  # fmt: skip
    await client.close()


STORES = [
    pytest.param(postgres, "database_url", id="postgres"),
    pytest.param(valkey, "redis_url", id="valkey"),
    pytest.param(nats, "nats_url", id="nats"),
]
REFUSALS = (DependencyDown, RedisError, NatsError, OSError)


def url_of(stores: Any, name: str) -> str:
    return stores.database_url if name == "database_url" else getattr(stores.topology, name)


@pytest.mark.parametrize(("reach", "name"), STORES)
async def test_a_store_with_a_certificate_of_the_authority_is_reached(
    stores: Any, door: Door, authorities: tuple[Path, Path], reach: Any, name: str
) -> None:
    async with door(url_of(stores, name)) as url:
        await reach(url, authorities[0] / "ca.pem")


@pytest.mark.parametrize(("reach", "name"), STORES)
async def test_a_certificate_of_another_authority_is_refused(
    stores: Any, door: Door, authorities: tuple[Path, Path], reach: Any, name: str
) -> None:
    async with door(url_of(stores, name)) as url:
        with pytest.raises(REFUSALS):
            await reach(url, authorities[1] / "ca.pem")


@pytest.mark.parametrize(("reach", "name"), STORES)
async def test_a_store_that_speaks_plain_text_is_refused(
    stores: Any, authorities: tuple[Path, Path], reach: Any, name: str
) -> None:
    with pytest.raises(REFUSALS):
        await reach(url_of(stores, name), authorities[0] / "ca.pem")
